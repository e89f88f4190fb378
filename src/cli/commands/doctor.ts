/** `assay doctor`: what this machine offers, how old the data tables are, and what is missed without. */

import { accessSync, constants } from 'node:fs';
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os';
import { inertJson } from '../../lib/json.ts';
import { bytes, plural, safeText, wrap } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { exporters, library, openRegistry, reporters, unpackers, verifiers } from '../compose.ts';
import { EXIT } from '../exit-code.ts';
import { NONE } from '../gatherers.ts';
import { version } from '../version.ts';

interface Finding {
  readonly what: string;
  readonly good: boolean;
  readonly said: string;
}

const DAY = 86_400_000;

export async function run({ options, io }: Call): Promise<number> {
  const findings = [...machine(), ...(await parts()), ...(await tables())];
  if (options['json'] === true) io.out(`${inertJson(findings)}\n`);
  else
    io.out(
      findings
        .flatMap((one) => linesOf(one, io.columns))
        .map((line) => `${line}\n`)
        .join(''),
    );
  return EXIT.good;
}

function linesOf({ what, good, said }: Finding, width: number): readonly string[] {
  const [first = '', ...rest] = wrap(safeText(`${what}: ${said}`, 2000), width - 8);
  return [`${good ? 'ok  ' : 'note'}  ${first}`, ...rest.map((line) => `        ${line}`)];
}

function machine(): readonly Finding[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const node = major > 20 || (major === 20 && minor >= 19);
  return [
    { what: 'assay', good: true, said: version() },
    { what: 'Node', good: node, said: `${process.versions.node}${node ? '' : ': 20.19 or newer is needed'}` },
    { what: 'processors', good: true, said: `${availableParallelism()} for worker threads` },
    { what: 'memory', good: true, said: `${bytes(freemem())} of ${bytes(totalmem())} free` },
    { what: 'spool', good: writable(tmpdir()), said: tmpdir() },
  ];
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function parts(): Promise<readonly Finding[]> {
  const { probes, analyzers, inspectors, declarations, derivers } = await openRegistry(NONE);
  const shelf = await library();
  const baselines = shelf.assets.filter(({ kind }) => kind === 'baseline');
  const opened = await unpackers();
  const count = (things: readonly unknown[], one: string): string => plural(things.length, one);
  return [
    {
      what: 'gatherers',
      good: true,
      said: [
        count(probes, 'probe'),
        count(analyzers, 'analyzer'),
        count(inspectors, 'inspector'),
        count(declarations, 'declaration reader'),
        count(derivers, 'deriver'),
      ].join(', '),
    },
    {
      what: 'formats',
      good: true,
      said: `${count(opened, 'unpacker')}, ${count(await verifiers(), 'signature format')}, ${count(await reporters(), 'report')}, ${count(await exporters(), 'export')}`,
    },
    {
      what: 'baselines',
      good: baselines.length > 0,
      said: baselines.map(({ id, version: edition }) => `${id}@${edition}`).join(', '),
    },
    { what: 'checks', good: shelf.checks.size > 0, said: String(shelf.checks.size) },
  ];
}

/** Data tables with a date: those older than a year are worth a newer version of assay. */
async function tables(): Promise<readonly Finding[]> {
  const { assets } = await library();
  return assets
    .filter(({ kind }) => kind === 'knowledge')
    .map(({ id, date }) => {
      if (date === undefined) return { what: `table ${id}`, good: true, said: 'undated' };
      const days = Math.floor((Date.now() - Date.parse(date)) / DAY);
      return { what: `table ${id}`, good: !(days > 365), said: `of ${date}, ${plural(days, 'day')} old` };
    });
}
