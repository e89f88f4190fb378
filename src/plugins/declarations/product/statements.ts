/** What the maker states: support, disclosure, listeners, accounts, cryptography, keys, features, ICS answers and IXIT tables. */
import type { DeclarationContext, DeclarationReader } from '../../../core/model/gatherer.ts';
import {
  declaredAccount,
  declaredAnswer,
  declaredCryptography,
  declaredDisclosure,
  declaredFeature,
  declaredKey,
  declaredListener,
  declaredSupport,
  declaredTable,
} from '../../../facts/index.ts';

type Row = { readonly [field: string]: unknown };
interface IxitTables {
  readonly tables: readonly {
    readonly names: { readonly [edition: string]: string };
    readonly fields: readonly { readonly name: string; readonly editions: readonly string[] }[];
  }[];
}

const record = (value: unknown): Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : {};
const rows = (value: unknown): readonly Row[] => (Array.isArray(value) ? value.map(record) : []);
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

export const productStatements: DeclarationReader = {
  id: 'product/statements',
  title: 'The maker’s statements',
  method: 'INTERVIEW',
  intrusion: 'passive',
  consumes: [],
  produces: [
    declaredSupport,
    declaredDisclosure,
    declaredListener,
    declaredAccount,
    declaredCryptography,
    declaredKey,
    declaredFeature,
    declaredAnswer,
    declaredTable,
  ],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    readSupport(context);
    readListeners(context);
    readFeatures(context);
    readAnswers(context);
    readTables(context);
    return Promise.resolve();
  },
};

function readSupport({ declaration, emit, gap }: DeclarationContext): void {
  const support = record(declaration['support']);
  const until = text(support['until']);
  const published = text(support['published']);
  const notGiven = (section: string) =>
    ({
      kind: 'not-given',
      flag: `${section} in the declaration`,
      message: `the declaration says nothing of ${section}`,
    }) as const;
  if (until === undefined) gap(notGiven('support'), { facts: [declaredSupport] });
  else emit(declaredSupport, { until, ...(published === undefined ? {} : { published }) });
  const disclosure = record(declaration['disclosure']);
  const url = text(disclosure['url']);
  if (url === undefined) gap(notGiven('disclosure'), { facts: [declaredDisclosure] });
  else
    emit(declaredDisclosure, {
      url,
      contact: disclosure['contact'] === true,
      acknowledgement: disclosure['acknowledgement'] === true,
      statusUpdates: disclosure['statusUpdates'] === true,
    });
}

function readListeners({ declaration, emit, gap, settings }: DeclarationContext): void {
  if (declaration['listeners'] === undefined)
    gap(
      { kind: 'not-given', flag: 'listeners in the declaration', message: 'the declaration names no listeners' },
      { facts: [declaredListener] },
    );
  for (const row of rows(declaration['listeners'])) {
    const protocol = text(row['protocol']);
    const purpose = text(row['purpose']);
    emit(declaredListener, {
      port: Number(row['port']),
      transport: row['transport'] === 'udp' ? 'udp' : 'tcp',
      ...(protocol === undefined ? {} : { protocol }),
      ...(purpose === undefined ? {} : { purpose }),
    });
  }
  for (const key of settings.keys) emit(declaredKey, { name: key.name, kind: key.kind, fingerprint: key.name });
}

function readFeatures({ declaration, emit }: DeclarationContext): void {
  for (const [name, said] of Object.entries(record(declaration['features']))) {
    const rationale = text(record(said)['rationale']);
    emit(declaredFeature, {
      name,
      present: said === true || record(said)['present'] === true,
      ...(rationale === undefined ? {} : { rationale }),
    });
  }
}

const SUPPORT: { readonly [answer: string]: 'yes' | 'no' | 'not-applicable' } = {
  y: 'yes',
  yes: 'yes',
  n: 'no',
  no: 'no',
  'n/a': 'not-applicable',
};

function readAnswers({ declaration, emit }: DeclarationContext): void {
  for (const row of rows(declaration['ics'])) {
    const support = SUPPORT[String(row['support']).toLowerCase()];
    const provision = text(row['provision']);
    if (support !== undefined && provision !== undefined)
      emit(declaredAnswer, { provision, support, detail: text(row['detail']) !== undefined });
  }
}

/** One fact a table; accounts and cryptography are read out of the tables that hold them. */
function readTables(context: DeclarationContext): void {
  const ixit = record(context.declaration['ixit']);
  const { tables } = context.knowledge('ixit-tables') as IxitTables;
  for (const [name, value] of Object.entries(ixit)) {
    const list = rows(value);
    const known = tables.find(({ names }) => Object.values(names).includes(name));
    const fields = known?.fields.filter(({ editions }) => editions.length > 0).map((field) => field.name) ?? [];
    const empty = fields.filter((field) =>
      list.some((row) => text(row[field]) === undefined && !Array.isArray(row[field])),
    );
    context.emit(declaredTable, {
      table: name,
      rows: list.length,
      empty,
      complete: list.length > 0 && empty.length === 0,
    });
    const number = /^(\d+)-/.exec(name)?.[1];
    for (const row of list) readRow(number, row, context);
  }
}

function readRow(table: string | undefined, row: Row, { emit }: DeclarationContext): void {
  const id = text(row['ID']) ?? '';
  if (table === '1')
    emit(declaredAccount, {
      id,
      factor: text(row['Authentication Factor']) ?? '',
      preset: presetOf(JSON.stringify(row).toLowerCase()),
    });
  if (table !== '11') return;
  const details = text(row['Cryptographic Details']) ?? text(row['Description']) ?? '';
  const floor = /\b(?:TLS|DTLS)\s*v?\s*(1\.[0-3])/i.exec(details)?.[1];
  const algorithms = [...details.matchAll(/\b(AES[-\w]*|ChaCha20[-\w]*|ECDHE?|RSA[-\w]*|Ed25519|X25519|SHA-?\d+)\b/gi)]
    .map((match) => match[0])
    .slice(0, 50);
  emit(declaredCryptography, {
    id,
    protocol: protocolIn(details),
    ...(floor === undefined ? {} : { floor: `TLSv${floor === '1.0' ? '1' : floor}` }),
    algorithms,
  });
}

function protocolIn(details: string): string {
  if (/dtls/i.test(details)) return 'DTLS';
  if (/tls|https/i.test(details)) return 'TLS';
  return /ssh/i.test(details) ? 'SSH' : 'other';
}

function presetOf(words: string): 'unique' | 'user-set' | 'shared' | 'none' | 'unknown' {
  if (/unique|random/.test(words)) return 'unique';
  if (/user[- ](defined|set)/.test(words)) return 'user-set';
  return /same (password|for all)|shared/.test(words) ? 'shared' : 'unknown';
}
