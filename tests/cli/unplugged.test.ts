/** What a bench does to a tool: nothing there, nothing in it, the wrong thing. One clear line or an honest report; never a pass, never a stack. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/core/model/report.ts';
import { assay, type Desk, desk, type Said } from '../support/cli.ts';
import { ownClock } from '../support/clock.ts';

const ROOT = 'fixtures/demo/insecure.bin';
let at: Desk;
beforeAll(() => {
  at = desk();
});
afterAll(() => at.clear());

const reportOf = (name: string): Report => JSON.parse(readFileSync(at.path(name), 'utf8')) as Report;
const sane = (said: Said): void => {
  expect(said.err).not.toMatch(/\n\s+at |node:internal|TypeError/);
  expect(said.out).not.toMatch(/\n\s+at .*\.ts/);
};

describe('usage: exit 2 and one clear line', () => {
  const lines: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no command', [], /a command is missing/],
    ['an unknown command', ['scna'], /unknown command 'scna'/],
    ['an unknown option', ['scan', '--devce', 'x'], /unknown option '--devce'/],
    ['nothing to look at', ['scan'], /there is nothing to look at/],
    ['a missing file', ['scan', './nowhere.bin'], /nowhere\.bin: there is no such file/],
    ['a missing file that could be a host', ['scan', 'nowhere.bin'], /if it is a host: --device nowhere\.bin/],
    ['a URL for a host', ['scan', '--device', 'http://192.0.2.1/'], /is no host/],
    ['a public address', ['scan', '--device', '8.8.8.8'], /--authorized/],
    ['ports beyond 65535', ['scan', '127.0.0.1', '--ports', '80,70000'], /'70000' is no port/],
    ['a port range backwards', ['scan', '127.0.0.1', '--ports', '90-80'], /is no port/],
    ['an unknown pace', ['scan', '127.0.0.1', '--pace', 'fats'], /did you mean 'fast'/],
    ['an unknown state', ['scan', '127.0.0.1', '--state', 'new'], /is none of factory/],
    ['a number that is none', ['scan', '127.0.0.1', '--credential-tries', 'many'], /no whole number/],
    ['a date that is none', ['scan', ROOT, '--as-of', '2026-02-30'], /'2026-02-30' is no date/],
    ['an unknown baseline', ['scan', ROOT, '--baseline', 'xiaomi'], /there is no baseline 'xiaomi'/],
    ['an unknown level', ['scan', ROOT, '--baseline', 'xiaomi-consumer-iot:hard'], /level/],
    ['an unknown format', ['scan', ROOT, '--report', 'jsn'], /did you mean 'json'/],
    ['a format without its file', ['scan', ROOT, '--report', 'json='], /the file is missing/],
    ['a key that is none', ['scan', ROOT, '--key', 'package.json'], /no public key/],
    ['a missing waiver file', ['scan', ROOT, '--waivers', 'nope.yaml'], /nope\.yaml: there is no such file/],
    ['gather without --out', ['gather', ROOT], /--out is missing/],
    ['an unknown gatherer', ['gather', ROOT, '--out', '/tmp/never', '--only', 'ssh/hostkeys'], /no gatherer/],
    ['a dossier that is none', ['evaluate', 'src'], /src is no dossier/],
    ['a report that is none', ['render', 'package.json'], /it is no report of assay/],
    ['files of an image into a file', ['unpack', ROOT, '--out', 'package.json'], /package\.json: it is no folder/],
    ['an option without its value', ['scan', ROOT, '--waivers', ''], /--waivers: it needs a value/],
    ['an empty item of a list', ['scan', '--firmware', ROOT, '--key', ''], /--key: it needs a value/],
    ['an empty argument', ['lint', ''], /an argument is empty/],
    ['a device for a file', ['scan', ROOT, '--waivers', '/dev/zero'], /^\/dev\/zero:1:1: the file is larger than/],
    ['an image for a text', ['lint', '--quiet', ROOT], /insecure\.bin:1:1: it is no text\n/],
    ['two reports in one file', ['scan', ROOT, '--report', 'json=x', '--report', 'csv=x'], /two reports .* to x\n/],
    ['a dossier where a report is asked for', ['render', 'src'], /src: it is no report\n {2}hint: assay evaluate src/],
    ['a name that is neither file nor host', ['scan', 'rootfs-1.2'], /rootfs-1\.2 is no file, and as a host/],
    ['an unknown list', ['list', 'chekcs'], /did you mean 'checks'/],
    ['an unknown thing', ['explain', 'tls.protocl'], /did you mean 'tls\.protocol'/],
  ];
  test.each(lines)('%s', async (_, argv, words) => {
    const said = await assay(argv);
    expect(said.code).toBe(2);
    expect(said.err).toMatch(words);
    expect(said.out).toBe('');
    sane(said);
  });
  test('one edition by two names is judged by once', async () => {
    const names = ['--baseline', 'uk-psti', '--baseline', 'uk-psti@2023'];
    const { out } = await assay(['scan', ROOT, ...names, '--report', 'json']);
    expect((JSON.parse(out) as Report).assessments).toHaveLength(1);
  });
  test('a key that a declaration names and that is not there has its place, for lint as for a scan', async () => {
    const path = at.file('lost-key.yaml', 'product: { maker: A }\nkeys: [{ name: a, path: nosuch.pem }]\n');
    for (const argv of [
      ['lint', path],
      ['scan', ROOT, '--declaration', path],
    ]) {
      const { code, err } = await assay(argv);
      expect(code).toBe(2);
      expect(err).toMatch(/lost-key\.yaml:2:25: nosuch\.pem: there is no such file\n/);
    }
  });
  test('mistakes stand in the order of the file, and each once', async () => {
    const path = at.file(
      'order.yaml',
      'features: { wifi: { present: false } }\nlisteners: [{ port: 70000 }]\nproduct: { makr: x }\n',
    );
    const { err } = await assay(['scan', ROOT, '--declaration', path]);
    expect(err.split('\n').flatMap((line) => /yaml:(\d+):/.exec(line)?.[1] ?? [])).toEqual(['1', '2', '2', '3']);
    expect(err).toContain('port: must be 65535 at the most');
    expect(err).not.toContain('constant');
  });
  test('the same image twice', async () => {
    expect((await assay(['scan', ROOT, ROOT])).err).toMatch(/is given twice/);
  });
  test('a private key instead of a public one', async () => {
    const { code, err } = await assay(['scan', ROOT, '--key', 'fixtures/demo/server.pem']);
    expect(code).toBe(2);
    expect(err).toMatch(/this is a private key/);
  });
  test('ten mistakes in a declaration are ten lines with their places', async () => {
    const wrong = at.file(
      'declaration.yaml',
      [
        'product: { makr: x }',
        'device: { state: new }',
        'features: { wifi: { present: false } }',
        'listeners: [{ port: 0, transport: tcp }, { port: 80, transport: sctp }, { port: 443 }]',
        'opaque: [{ what: dsp }]',
        'keys: [{ name: "" }]',
        'support: {}',
        'attestations: { a/b/c: { verdict: maybe, by: me, on: today } }',
        'colour: red',
        '',
      ].join('\n'),
    );
    const said = await assay(['scan', '--declaration', wrong]);
    expect(said.code).toBe(2);
    const places = said.err.split('\n').filter((line) => /declaration\.yaml:\d+:\d+: /.test(line));
    expect(places.length).toBeGreaterThanOrEqual(10);
    sane(said);
  });
  test('an option of the project file that does not exist has its place', async () => {
    const before = process.cwd();
    process.chdir(at.folder);
    try {
      writeFileSync('assay.yaml', 'pace: normal\nbasline: [x]\nstrict: yes\nports: [22, 80]\nstate: initialized\n');
      const { code, err } = await assay(['scan', '127.0.0.1']);
      expect(code).toBe(2);
      expect(err).toMatch(/assay\.yaml:3:9: strict: it is either there or not/);
      expect(err).toMatch(/assay\.yaml:4:8: ports: it takes one text/);
      expect(err).toMatch(/assay\.yaml:5:8: state: 'initialized' is none of .*\n {2}hint: did you mean 'initialised'/);
      expect(err).toMatch(/assay\.yaml:2:1: there is no option 'basline'/);
      expect(err).toMatch(/did you mean 'baseline'/);
    } finally {
      writeFileSync('assay.yaml', 'name: from-file\n');
      process.chdir(before);
    }
  });
});

describe('images: exit 3 and an honest report', () => {
  const whole = readFileSync(ROOT);
  const noise = Uint8Array.from({ length: 50_000 }, (_, index) => (Math.imul(index + 7, 2654435761) >>> 13) & 0xff);
  async function scan(name: string, content: Uint8Array): Promise<Report> {
    const said = await assay([
      'scan',
      at.file(name, content),
      '--quiet',
      '--report',
      `json=${at.path(`${name}.json`)}`,
    ]);
    sane(said);
    expect(said.code).not.toBe(0);
    return reportOf(`${name}.json`);
  }
  test('an empty file', async () => {
    const report = await scan('empty.img', new Uint8Array(0));
    expect(report.coverage.gaps.some(({ unseen }) => unseen.message.includes('empty'))).toBe(true);
    expect(report.assessments.every(({ counts }) => counts.pass === 0)).toBe(true);
  });
  test('noise', async () => {
    const report = await scan('noise.img', noise);
    expect(report.assessments.every(({ counts }) => counts.pass === 0 && counts.fail === 0)).toBe(true);
    expect(report.coverage.gaps.some(({ unseen }) => unseen.kind !== 'not-given')).toBe(true);
  });
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'an image cut to %i/11 never passes what lies in what is missing',
    async (part) => {
      const squashfs = whole.indexOf('hsqs');
      const cut = squashfs + Math.floor(((7000 - 1) * part) / 11);
      const report = await scan(`cut${part}.img`, whole.subarray(0, cut));
      const passes = report.checks.filter(({ outcome }) => outcome === 'pass');
      expect(passes.filter(({ id }) => /^(accounts|keys|binaries|start)\//.test(id))).toEqual([]);
      expect(report.coverage.gaps.some(({ unseen }) => unseen.kind !== 'not-given')).toBe(true);
    },
  );
  test('a directory is looked at as an unpacked root', async () => {
    mkdirSync(at.path('root/etc'), { recursive: true });
    mkdirSync(at.path('root/bin'), { recursive: true });
    writeFileSync(at.path('root/etc/passwd'), 'root::0:0:root:/:/bin/sh\n');
    writeFileSync(at.path('root/bin/sh'), '#!/bin/false\n');
    const said = await assay(['scan', at.path('root'), '--quiet', '--report', `json=${at.path('dir.json')}`]);
    sane(said);
    expect(reportOf('dir.json').target.firmware[0]?.path).toBe('root');
    expect([0, 1, 3]).toContain(said.code);
  });
});

describe('devices', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const listen = (speak: Parameters<typeof createServer>[1]): Promise<number> =>
    new Promise((resolve) => {
      const server = createServer(speak);
      servers.push(server);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  const scan = async (host: string, ports: string, ...more: readonly string[]): Promise<Said & { report: Report }> => {
    const file = at.path(`device${Math.random()}.json`);
    const argv = ['scan', '--device', host, '--ports', ports, '--quiet', '--report', `json=${file}`, ...more];
    const said = await assay(argv);
    sane(said);
    return { ...said, report: JSON.parse(readFileSync(file, 'utf8')) as Report };
  };

  test('a name that leads nowhere makes 3, and no control passes', async () => {
    const { code, report } = await scan('nowhere.invalid.test', '80');
    expect(code).toBe(3);
    expect(report.assessments.every(({ counts }) => counts.pass === 0)).toBe(true);
  });
  test('a port that closes mid-handshake is a gap or an unrecognised service, never a pass', async () => {
    const port = await listen((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.destroy());
    });
    const { code, report } = await scan('127.0.0.1', String(port));
    expect(code).toBe(3);
    expect(report.checks.filter(({ id, outcome }) => id.startsWith('tls/') && outcome === 'pass')).toEqual([]);
  });
  test('a device without a listener is not not-applicable', async () => {
    const port = await listen(() => {});
    servers.pop()?.close();
    const { report, code } = await scan('127.0.0.1', String(port));
    expect([0, 3]).toContain(code);
    const spared = report.assessments.flatMap(({ controls }) =>
      controls.filter(({ outcome }) => outcome === 'not-applicable'),
    );
    expect(spared).toEqual([]);
  });
  test('without --credentials the run ends with 0 or 1, not 3', async () => {
    const port = await listen((socket) => {
      socket.on('error', () => {});
      socket.write('SSH-2.0-dropbear_2022.83\r\n');
      socket.end();
    });
    servers.pop()?.close();
    const { report } = await scan('127.0.0.1', String(port));
    const login = report.coverage.gaps.filter(({ facts }) => facts.includes('login.default'));
    expect(login.some(({ unseen }) => unseen.kind === 'not-given' && unseen.flag === '--credentials')).toBe(true);
  });
  test('Ctrl-C ends the run at once, as judged, and the dossier is kept: nothing is waited for', async () => {
    let reached = (): void => {};
    const middle = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let connections = 0;
    const port = await listen((socket) => {
      socket.on('error', () => {});
      connections += 1;
      // The sweep, the wait for a banner, and two questions beside it.
      if (connections === 4) reached();
    });
    const controller = new AbortController();
    const out = at.path('stopped');
    const clock = ownClock();
    try {
      const argv = ['scan', '--device', '127.0.0.1', '--ports', String(port), '--out', out, '--quiet'];
      const running = assay(argv, controller.signal);
      await middle;
      clock.stop();
      controller.abort();
      const said = await running;
      expect([1, 3]).toContain(said.code);
    } finally {
      clock.restore();
    }
    expect(JSON.parse(readFileSync(`${out}/dossier.json`, 'utf8'))).toMatchObject({ schema: 'assay/dossier/1' });
    // A run that waits for a timer never ends.
  }, 180_000);
});
