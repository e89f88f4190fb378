/** A fact of a report or dossier in words: what was seen, where, the bytes that show it, and what rests on it. */
import type { Fact } from '../core/model/fact.ts';
import type { Report } from '../core/model/report.ts';
import { shownName } from '../core/model/target.ts';
import { excerptOf } from '../core/model/telling.ts';
import { UsageError } from '../lib/fault.ts';
import { bytes, safeText } from '../lib/text.ts';
import { factTypes } from './compose.ts';
import { isFolder } from './files.ts';
import { readReport, readSeen } from './reading.ts';

/** `account.password-0123456789ab`. */
export const isFactId = (id: string): boolean => /^[a-z][a-z0-9.-]{1,80}-[0-9a-f]{12}$/.test(id);

/** Facts that rest on one, and members of one, before the rest is counted. */
const LISTED = 20;

export interface FactPage {
  readonly id: string;
  readonly kind: 'fact';
  readonly title: string;
  readonly said: readonly (readonly [string, readonly string[]])[];
  /** Lines to be shown as they are. */
  readonly shown: readonly (readonly [string, readonly string[]])[];
}

export async function factPage(id: string, path: string): Promise<FactPage> {
  const { facts, report } = await read(path);
  const fact = facts.find((one) => one.id === id);
  if (fact === undefined)
    throw new UsageError(
      `${path}: there is no fact '${id}' in it`,
      report === undefined
        ? 'the id is that of another dossier'
        : 'a report holds what its checks cite; a dossier has all',
    );
  const type = (await factTypes()).find(({ name }) => name === fact.type);
  return {
    id,
    kind: 'fact',
    title: type?.title ?? fact.type,
    said: [
      ['Of', [shownName(fact.subject)]],
      ['Where', fact.where === undefined ? [] : [fact.where]],
      ['Seen', [`${fact.observedAt}, ${fact.method.toLowerCase()} by ${fact.source}`]],
      ['Data', some(Object.entries(fact.data as object).map(([name, value]) => `${name} = ${JSON.stringify(value)}`))],
      ['Rests on', some(fact.derivedFrom)],
      ['What rests on it', some(facts.filter((one) => one.derivedFrom.includes(id)).map((one) => one.id))],
      ['Cited by', report === undefined ? [] : some(citing(report, id))],
    ].map(([head, lines]) => [String(head), (lines as readonly string[]).map((line) => safeText(line, 2000))] as const),
    shown: evidenceOf(fact),
  };
}

const some = (list: readonly string[]): readonly string[] =>
  list.length <= LISTED ? list : [...list.slice(0, LISTED), `and ${list.length - LISTED} more`];

async function read(path: string): Promise<{ readonly facts: readonly Fact[]; readonly report?: Report }> {
  if (isFolder(path)) return { facts: (await readSeen(path)).facts };
  const report = await readReport(path);
  return { facts: report.facts, report };
}

const citing = ({ checks }: Report, id: string): readonly string[] =>
  checks.flatMap(({ key, results }) =>
    results.filter(({ facts }) => facts.includes(id)).map(({ outcome }) => `${key}: ${outcome}`),
  );

const evidenceOf = ({ evidence }: Fact): FactPage['shown'] =>
  evidence.map((one) => {
    const shown = excerptOf(one);
    const notes = [
      safeText(one.mediaType),
      bytes(one.size),
      ...(one.locator === undefined ? [] : [safeText(one.locator)]),
      ...(one.redacted === true ? ['secrets blacked out'] : []),
      ...(shown?.cut === true ? [`the first ${shown.bytes} bytes`] : []),
    ];
    const lines = shown === undefined ? [`sha256 ${one.sha256}`] : shown.text.length > 0 ? shown.text : shown.hex;
    return [`Evidence (${notes.join(', ')})`, lines];
  });
