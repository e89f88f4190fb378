/** `assay verify-update ARTEFACT`: is it signed, wholly, by the given key. */
import { accessSync, constants, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { isWhole, overall, type UpdateVerdict } from '../../core/model/verifier.ts';
import { type VerifyCode, verifyCode } from '../../core/updates/exit.ts';
import { verifyArtefact } from '../../core/updates/verify.ts';
import { openBlob } from '../../lib/blob.ts';
import { UsageError } from '../../lib/fault.ts';
import { inertJson } from '../../lib/json.ts';
import { sizeOf } from '../../lib/ranges.ts';
import { bytes, safeText, wrap } from '../../lib/text.ts';
import { whyUnread } from '../../lib/whole-file.ts';
import type { Call } from '../call.ts';
import { library, verifiers } from '../compose.ts';
import { digestFile } from '../files.ts';
import { openPool } from '../pool.ts';
import { sampleKeyTables } from '../sample-keys.ts';
import { readTrustedKeys } from '../trusted-key.ts';

export async function run({ arguments: [path], options, io, signal }: Call): Promise<number> {
  if (path === undefined) throw new UsageError('the artefact is missing', 'assay verify-update ARTEFACT [--key FILE]…');
  const files = Array.isArray(options['key']) ? (options['key'] as readonly string[]) : [];
  const keys = files.flatMap((file) => readTrustedKeys(file));
  const file = fileAt(path);
  const shelf = await library();
  const tables = sampleKeyTables(shelf, (id) => shelf.knowledge(id));
  const artefact = openBlob(file.location);
  const pool = openPool(signal);
  try {
    const settings = { keys, now: new Date().toISOString() };
    const verdicts = await verifyArtefact(await verifiers(), artefact, file.location, {
      settings,
      ...tables,
      signal,
      job: pool.run,
    });
    const code = verifyCode(verdicts);
    if (options['json'] === true) io.out(`${inertJson(asJson(file, verdicts, code))}\n`);
    else if (options['quiet'] !== true) io.out(asText(file, verdicts, { code, keyed: keys.length > 0 }));
    return code;
  } finally {
    artefact.close();
    await pool.close();
  }
}

interface Artefact {
  readonly path: string;
  readonly location: string;
  readonly size: number;
}

/** One plain file that can be read; its digest is taken only where it is told. Throws UsageError. */
function fileAt(path: string): Artefact {
  try {
    accessSync(path, constants.R_OK);
    const stat = statSync(path);
    if (stat.isFile()) return { path: basename(resolve(path)), location: resolve(path), size: stat.size };
  } catch (error) {
    throw new UsageError(`${path}: ${whyUnread(error)}`);
  }
  throw new UsageError(`${path}: it is no file`, 'an update is one file: assay scan takes directories, as firmware');
}

function asJson({ path, location }: Artefact, verdicts: readonly UpdateVerdict[], code: VerifyCode): object {
  const { sha256, size } = digestFile(location);
  const formats = verdicts.map((one) => ({ verdict: overall(one), whole: isWhole(one), ...one }));
  return { schema: 'assay/verification/1', artefact: { path, sha256, size }, code, formats };
}

const WORDS: { readonly [C in VerifyCode]: string } = {
  0: 'verified: a given key signed all of the payload',
  1: 'not to be trusted',
  3: 'not known: see below',
};

const WIDTH = 80;

interface Asked {
  readonly code: VerifyCode;
  readonly keyed: boolean;
}

function asText({ path, size }: Artefact, verdicts: readonly UpdateVerdict[], { code, keyed }: Asked): string {
  const lines = [`${safeText(path)} (${bytes(size)}): ${WORDS[code]}`];
  if (size === 0) lines.push('  it is empty');
  else if (verdicts.length === 0)
    lines.push('  no update format that assay knows: list formats shows those that it does');
  const hint = verdicts.some((one) => overall(one) === 'signer-unknown') && !keyed;
  lines.push(
    ...verdicts.flatMap(linesOf),
    ...(hint ? ['  to tell by whom: --key PUBLIC_KEY|CERTIFICATE of the maker'] : []),
  );
  return `${lines.flatMap((line) => wrap(line.trimStart(), WIDTH - indentOf(line), 2).map((part) => `${' '.repeat(indentOf(line))}${part}`)).join('\n')}\n`;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

function linesOf(verdict: UpdateVerdict): readonly string[] {
  const { title, format, version, signatures, integrity } = verdict;
  const word = verdict.faults.length > 0 && !verdict.signed ? 'not seen whole' : overall(verdict);
  return [
    `  ${title} (${format})${version === undefined ? '' : `, version ${safeText(version)}`}: ${word}`,
    ...signatures.map(signatureLine),
    ...(verdict.signed
      ? [`    covered: ${bytes(sizeOf(verdict.covered))}, payload not covered: ${bytes(sizeOf(verdict.uncovered))}`]
      : []),
    ...(verdict.signed ? verdict.uncovered.slice(0, 20).map(rangeLine) : []),
    ...verdict.broken.map((one) => `    broken: ${safeText(one)}`),
    ...integrity.map(
      ({ algorithm, over, holds }) =>
        `    ${algorithm} of ${safeText(over)}: ${holds ? 'holds' : 'does not hold'} (against accidents only)`,
    ),
    ...(verdict.rollback === undefined ? [] : [`    rollback: ${rollbackWords(verdict.rollback)}`]),
    ...(verdict.encrypted ? ['    encrypted (which shows no author)'] : []),
    ...verdict.faults.map(({ kind, message }) => `    ${kind}: ${safeText(message)}`),
    ...verdict.notes.map((note) => `    note: ${safeText(note)}`),
  ];
}

const rangeLine = ({ start, end, what }: UpdateVerdict['uncovered'][number]): string =>
  `    not covered: 0x${start.toString(16)}..0x${end.toString(16)} ${safeText(what)}`;

const rollbackWords = ({ protected: bound, value }: NonNullable<UpdateVerdict['rollback']>): string =>
  bound ? `counter ${safeText(value ?? '')}` : 'no protected counter';

function signatureLine(one: UpdateVerdict['signatures'][number]): string {
  const key = [one.keyType, one.keyBits === undefined ? undefined : `${one.keyBits} bits`].filter(Boolean).join(' ');
  const parts = [
    safeText([one.algorithm, one.hash, key].filter(Boolean).join(', ')),
    one.signer === undefined ? undefined : `by ${safeText(one.signer)}`,
    one.sampleKey === undefined ? undefined : `PUBLIC SAMPLE KEY ${safeText(one.sampleKey)}`,
    safeText(one.message),
  ];
  return `    signature: ${one.outcome}; ${parts.filter(Boolean).join('; ')}`;
}
