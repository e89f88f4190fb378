/** `assay demo`: starts the embedded device, scans it with the bundled image as one product, tells, and checks that what was planted was found. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../core/model/report.ts';
import { startDevice } from '../../demo/device.ts';
import { FAULTS, type Fault } from '../../demo/planted.ts';
import { UsageError } from '../../lib/fault.ts';
import { plural, wrap } from '../../lib/text.ts';
import { whyUnwritten } from '../../lib/whole-file.ts';
import type { Call } from '../call.ts';
import { type Ending, EXIT } from '../exit-code.ts';
import { scan } from './scan.ts';

const bundled = (name: string): string => fileURLToPath(new URL(`../../../fixtures/demo/${name}`, import.meta.url));

export async function run(call: Call): Promise<number> {
  const hardened = call.options['hardened'] === true;
  const folder = workFolder();
  const identity = readFileSync(bundled('server.pem'), 'utf8');
  const device = await startDevice({ hardened, identity, now: new Date() });
  const { io } = call;
  const wishes = (call.options['report'] ?? []) as readonly string[];
  try {
    const ports = Object.values(device.ports).join(',');
    const report = join(folder, 'report.json');
    const authority = join(folder, 'authority.pem');
    if (device.authority !== undefined) writeFileSync(authority, device.authority);
    const served = Object.entries(device.ports).map(([name, port]) => `${name} ${port}`);
    const started = `demo device (${hardened ? 'hardened' : 'with planted faults'}) on 127.0.0.1: ${served.join(', ')}`;
    io.err(`${wrap(started, io.columns).join('\n')}\n`);
    const options = {
      ...call.options,
      name: hardened ? 'DemoCam, hardened' : 'DemoCam',
      device: [device.host],
      ports,
      firmware: [bundled(hardened ? 'hardened.bin' : 'insecure.bin')],
      credentials: true,
      state: 'initialised',
      report: [`json=${report}`, ...wishes],
      ...(device.authority === undefined ? {} : { ca: [authority] }),
    };
    const { ending } = await scan({ ...call, arguments: [], options });
    return judge(call, JSON.parse(readFileSync(report, 'utf8')) as Report, ending, hardened);
  } finally {
    await device.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function workFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'assay-demo-'));
  } catch (error) {
    throw new UsageError(`${tmpdir()}: no folder can be made in it: ${whyUnwritten(error)}`, 'TMPDIR names another');
  }
}

/** Every planted fault must be found, and nothing else may fail. */
function judge(call: Call, report: Report, { code, because }: Ending, hardened: boolean): number {
  const { io } = call;
  const cited = new Set(
    report.assessments.flatMap(({ controls }) =>
      controls.flatMap((control) => control.units.flatMap((unit) => (unit.outcome === 'fail' ? unit.checks : []))),
    ),
  );
  const failing = report.checks
    .filter((check) => check.outcome === 'fail' && cited.has(check.key))
    .map((check) => check.id);
  const planted: readonly Fault[] = hardened ? [] : FAULTS;
  const missed = planted.filter((fault) => !fault.checks.some((id) => failing.includes(id)));
  const expected = new Set(planted.flatMap((fault) => fault.checks));
  const strange = failing.filter((id) => !expected.has(id));
  const words = `\`assay scan\` would have ended with exit code ${code}: ${because}.`;
  io.out(`\n${wrap(words, io.columns).join('\n')}\n`);
  for (const fault of missed) io.out(`Planted and not found: ${fault.what} (${fault.checks.join(', ')})\n`);
  for (const id of strange) io.out(`Found and not planted: ${id}\n`);
  if (missed.length + strange.length > 0) return EXIT.failed;
  io.out(
    hardened
      ? 'The hardened device and image have no failing control.\n'
      : `All ${planted.length} planted faults were found, by ${plural(failing.length, 'failing check')}, and nothing else.\n`,
  );
  return EXIT.good;
}
