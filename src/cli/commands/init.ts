/** `assay init [DOSSIER]`: a declaration to fill in, with what a dossier already shows and a filled workbook answers. */
import { existsSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Fact } from '../../core/model/fact.ts';
import { featurePresent, netService } from '../../facts/index.ts';
import { UsageError } from '../../lib/fault.ts';
import { plural, safeText } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit-code.ts';
import { readSeen } from '../reading.ts';
import type { Seen } from '../session.ts';

export async function run({ arguments: [folder], options, io }: Call): Promise<number> {
  const seen = folder === undefined ? undefined : await readSeen(folder);
  const text = await answered(declarationOf(seen), options, io);
  const out = options['out'];
  if (typeof out !== 'string') io.out(text);
  else if (existsSync(out)) throw new UsageError(`${out} is there already`, 'give the name of a new file');
  else save(out, text);
  return EXIT.good;
}

/** With `--from` the answers of a filled workbook; with `--declaration` what that file says besides is kept. */
async function answered(blank: string, options: Call['options'], io: Call['io']): Promise<string> {
  const { from, declaration } = options;
  if (typeof from !== 'string') {
    if (typeof declaration === 'string')
      throw new UsageError('--declaration goes with --from', 'assay init --from FILE.xlsx --declaration FILE.yaml');
    return blank;
  }
  const [{ readForm }, { withAnswers }, { library }] = await Promise.all([
    import('../filled-form.ts'),
    import('../form-to-yaml.ts'),
    import('../compose.ts'),
  ]);
  const { tables } = (await library()).knowledge('ixit-tables') as { readonly tables: Parameters<typeof readForm>[1] };
  const form = await readForm(from, tables);
  const base = typeof declaration === 'string' ? await kept(declaration) : blank;
  for (const one of form.notes) io.err(`${safeText(from)}: ${one}\n`);
  const rows = Object.values(form.tables).reduce((sum, list) => sum + list.length, 0);
  io.err(`${safeText(from)}: ${plural(form.ics.length, 'answer')} of the ICS, ${plural(rows, 'row')} of the IXIT\n`);
  if (form.unconfirmed > 0)
    io.err(`${plural(form.unconfirmed, 'observed row')} left out: set the mark to declared to confirm one\n`);
  return withAnswers(base, form, basename(from));
}

/** The text of a declaration that is sound. */
async function kept(path: string): Promise<string> {
  const [{ readDeclaration }, { readBounded }] = await Promise.all([
    import('../declaration.ts'),
    import('../trusted-key.ts'),
  ]);
  await readDeclaration(path);
  return Buffer.from(readBounded(path)).toString('utf8');
}

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`${path}: it cannot be written: ${(error as Error).message}`);
  }
}

/** YAML by hand: comments are half of its use. JSON strings are YAML strings. */
function declarationOf(seen: Seen | undefined): string {
  const head = seen?.head.target;
  const product = Object.entries(head?.product ?? {}).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`);
  return [
    '# What the maker states of the product. What was observed is filled in: confirm it, or say what is meant.',
    '# assay lint declaration.yaml tells every mistake; baselines/schema/declaration.schema.json completes in editors.',
    'product:',
    ...(product.length > 0 ? product : [`  model: ${JSON.stringify(head?.name ?? 'model name')}`]),
    '  # maker, hardware, software, serial',
    'device:',
    `  state: ${head?.state ?? 'unknown'}  # factory, initialised or unknown: the state of the unit looked at`,
    '',
    '# What the product has: true, or {present: false, rationale: "why it has none"}.',
    ...features(seen?.facts ?? []),
    '',
    '# Ports on which it is meant to listen; any other open port is undeclared.',
    ...listeners(seen?.facts ?? []),
    '',
    '# keys:      [{ name: release, path: release.pem }]              keys that updates are signed with',
    '# support:   { until: 2031-12-31 }                                the support period',
    '# opaque:    [{ sha256: …, what: Wi-Fi firmware, reason: … }]     parts of an image that need not be understood',
    '# attestations:                                                   your word on a unit (assay explain CONTROL)',
    '#   baseline/control/unit: { verdict: pass, by: name, on: 2026-01-31 }',
    '',
  ].join('\n');
}

function features(facts: readonly Fact[]): readonly string[] {
  const names = new Set<string>();
  for (const { type, data } of facts) {
    const { name, present } = data as { readonly name?: unknown; readonly present?: unknown };
    if (type === featurePresent.name && present === true && typeof name === 'string') names.add(name);
  }
  if (names.size === 0) return ['features: {}'];
  return ['features:', ...[...names].sort().map((name) => `  ${JSON.stringify(name)}: true`)];
}

function listeners(facts: readonly Fact[]): readonly string[] {
  const lines = new Set<string>();
  for (const { type, subject, data } of facts) {
    if (type !== netService.name || subject.kind !== 'endpoint') continue;
    const { protocol } = data as { readonly protocol?: unknown };
    const spoken =
      typeof protocol === 'string' && protocol !== 'unknown' ? `, protocol: ${JSON.stringify(protocol)}` : '';
    lines.add(`  - { port: ${subject.port}, transport: ${subject.transport}${spoken} }`);
  }
  return lines.size === 0 ? ['listeners: []'] : ['listeners:', ...[...lines].sort()];
}
