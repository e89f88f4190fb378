/** The dossier of a scan, judged again with the network off, gives the scan's report byte for byte; and only the dialer opens sockets. */
import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDevice } from '../../src/demo/device.ts';
import { assay, type Desk, desk } from '../support/cli.ts';

let at: Desk;
let device: Awaited<ReturnType<typeof startDevice>>;
beforeAll(async () => {
  at = desk();
  const identity = readFileSync('fixtures/demo/server.pem', 'utf8');
  device = await startDevice({ hardened: false, identity, now: new Date() });
});
afterAll(async () => {
  await device.stop();
  at.clear();
});

/** Files of the callers, nearest first. */
function callSites(): readonly string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = 30;
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName() ?? '');
  const files = new Error('who calls').stack as unknown as readonly string[];
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return files;
}

/** Who opens sockets while `work` runs: the source lines that called. */
async function callers(work: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  const note = (): void => {
    const files = callSites().filter((file) => file.includes('/src/'));
    seen.push(files[0]?.replace(/^.*\/src\//, 'src/') ?? 'nobody of ours');
  };
  const { connect } = net.Socket.prototype;
  const { createSocket } = dgram;
  net.Socket.prototype.connect = function patched(this: net.Socket, ...rest: never[]) {
    note();
    return (connect as (...args: never[]) => net.Socket).apply(this, rest);
  } as typeof connect;
  const { bind, connect: dial } = dgram.Socket.prototype;
  dgram.Socket.prototype.bind = function patched(this: dgram.Socket, ...rest: never[]) {
    note();
    return (bind as (...args: never[]) => dgram.Socket).apply(this, rest);
  } as typeof bind;
  dgram.Socket.prototype.connect = function patched(this: dgram.Socket, ...rest: never[]) {
    note();
    (dial as (...args: never[]) => void).apply(this, rest);
  } as typeof dial;
  try {
    await work();
  } finally {
    net.Socket.prototype.connect = connect;
    dgram.Socket.prototype.bind = bind;
    dgram.Socket.prototype.connect = dial;
    expect(dgram.createSocket).toBe(createSocket);
  }
  return seen;
}

test('the same bytes again, with the network off', async () => {
  const ports = Object.values(device.ports).join(',');
  const look = ['--device', '127.0.0.1', '--firmware', 'fixtures/demo/insecure.bin', '--ports', ports];
  const doors = await callers(async () => {
    const said = await assay([
      'scan',
      ...look,
      '--out',
      at.path('d'),
      '--quiet',
      '--report',
      `json=${at.path('scan.json')}`,
    ]);
    expect(said.err).toBe('');
    expect(said.code).toBe(1);
  });
  expect(doors.length).toBeGreaterThan(20);
  expect(
    [...new Set(doors)].filter((caller) => !caller.startsWith('src/core/network/') && !caller.startsWith('src/demo/')),
  ).toEqual([]);

  const none = await callers(async () => {
    const said = await assay(['evaluate', at.path('d'), '--quiet', '--report', `json=${at.path('again.json')}`]);
    expect(said.code).toBe(1);
  });
  expect(none).toEqual([]);
  // Not toBe: its diff of two reports would take minutes.
  const [scanned, again] = ['scan.json', 'again.json'].map((name) => readFileSync(at.path(name), 'utf8').split('\n'));
  expect(again?.find((line, index) => line !== scanned?.[index])).toBeUndefined();
  expect(again?.length).toBe(scanned?.length);
}, 60_000);

test('a report renders in other formats, and every file is written though one cannot be', async () => {
  const file = at.path('text.txt');
  const said = await assay([
    'render',
    at.path('scan.json'),
    '--report',
    'json=/proc/no/such/place',
    '--report',
    `text=${file}`,
  ]);
  expect(said.code).toBe(2);
  expect(said.err).toMatch(/the report cannot be written/);
  expect(readFileSync(file, 'utf8')).toMatch(/^assay /);
});

test('a dossier that is compared with itself has not changed', async () => {
  const said = await assay(['diff', at.path('d'), at.path('scan.json'), '--json']);
  expect(said.code).toBe(0);
  const { controls, causes } = JSON.parse(said.out) as { controls: { worse: unknown[] }; causes: unknown[] };
  expect(controls.worse).toEqual([]);
  expect(causes).toEqual([]);
});

test('another baseline is judged from the same dossier', async () => {
  const said = await assay(['evaluate', at.path('d'), '--baseline', 'owasp-iot-top10', '--report', 'json']);
  expect(JSON.parse(said.out)).toMatchObject({ assessments: [{ baseline: { id: 'owasp-iot-top10' } }] });
});

test('a declaration made from the dossier is one that lint has nothing against', async () => {
  const file = at.path('made.yaml');
  expect((await assay(['init', at.path('d'), '--out', file])).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toContain(`port: ${device.ports['ssh']}, transport: tcp, protocol: "ssh"`);
  const said = await assay(['lint', file]);
  expect(said.err).toBe('');
  expect(said.code).toBe(0);
  expect((await assay(['init', at.path('d'), '--out', file])).err).toMatch(/is there already/);
});
