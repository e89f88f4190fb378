/** What the maker states: support, disclosure, listeners, accounts, cryptography, keys, features, ICS answers and IXIT tables. */
import { createHash } from 'node:crypto';
import { keyMaterialIn } from '../../../codecs/signatures/key-material.ts';
import { publicKeysOf } from '../../../codecs/signatures/trust.ts';
import type { DeclarationContext, DeclarationReader } from '../../../core/model/gatherer.ts';
import type { TrustedKey } from '../../../core/model/verifier.ts';
import {
  declaredAccount,
  declaredAnswer,
  declaredCryptography,
  declaredDisclosure,
  declaredFeature,
  declaredKey,
  declaredListener,
  declaredLogin,
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
    declaredLogin,
    declaredAccount,
    declaredCryptography,
    declaredKey,
    declaredFeature,
    declaredAnswer,
    declaredTable,
  ],
  subjects: () => [{ kind: 'target' }],
  async observe(_subject, context) {
    readSupport(context);
    readListeners(context);
    await readKeys(context);
    readAccounts(context);
    readCryptography(context);
    readFeatures(context);
    readAnswers(context);
    readTables(context);
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

function readListeners({ declaration, emit, gap }: DeclarationContext): void {
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
}

async function readKeys({ settings, emit, gap }: DeclarationContext): Promise<void> {
  if (settings.keys.length === 0)
    gap(
      { kind: 'not-given', flag: 'keys in the declaration', message: 'the declaration names no update key' },
      { facts: [declaredKey] },
    );
  for (const key of settings.keys) {
    const prints = await fingerprintsOf(key);
    for (const fingerprint of new Set(prints)) emit(declaredKey, { name: key.name, kind: key.kind, fingerprint });
  }
}

/** As signatures and trust stores name it: the hash of the SPKI, or an OpenPGP fingerprint; of other kinds the hash of the file. */
async function fingerprintsOf(key: TrustedKey): Promise<readonly string[]> {
  const [plain] = publicKeysOf([key]);
  if (plain !== undefined) return [plain.key.fingerprint];
  const found = await keyMaterialIn(key.bytes).catch(() => []);
  return found.length > 0
    ? found.map(({ fingerprint }) => fingerprint)
    : [createHash('sha256').update(key.bytes).digest('hex')];
}

function readAccounts({ declaration, emit, gap }: DeclarationContext): void {
  if (declaration['accounts'] === undefined)
    gap(
      { kind: 'not-given', flag: 'accounts in the declaration', message: 'the declaration names no accounts' },
      { facts: [declaredLogin] },
    );
  for (const row of rows(declaration['accounts'])) {
    const account = text(row['account']) ?? '';
    const purpose = text(row['purpose']);
    const through = Array.isArray(row['through']) ? row['through'].map(String) : [];
    const login = row['login'] !== false;
    emit(declaredLogin, { account, login, through, ...(purpose === undefined ? {} : { purpose }) });
    const preset = PRESETS.find((one) => one === row['preset']);
    if (preset !== undefined) emit(declaredAccount, { id: text(row['mechanism']) ?? account, account, preset });
  }
}
const PRESETS = ['unique', 'user-set', 'shared', 'none'] as const;

const LISTS = ['ports', 'versions', 'suites', 'groups', 'kex', 'hostKeys', 'ciphers', 'macs'] as const;

function readCryptography({ declaration, emit }: DeclarationContext): void {
  for (const row of rows(declaration['cryptography'])) {
    const lists = LISTS.flatMap((name) => (Array.isArray(row[name]) ? [[name, row[name].map(String)] as const] : []));
    const versions = Array.isArray(row['versions']) ? row['versions'].map(String) : [];
    const floor = lowest(versions);
    emit(declaredCryptography, {
      id: text(row['channel']) ?? '',
      protocol: text(row['protocol']) ?? '',
      ...(floor === undefined ? {} : { floor }),
      algorithms: [],
      ...Object.fromEntries(lists),
    });
  }
}

const VERSIONS = ['SSLv3', 'TLSv1', 'DTLSv1', 'TLSv1.1', 'TLSv1.2', 'DTLSv1.2', 'TLSv1.3'];
const lowest = (versions: readonly string[]): string | undefined => VERSIONS.find((one) => versions.includes(one));

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
    const empty = emptyFields(
      tables.find(({ names }) => Object.values(names).includes(name)),
      name,
      list,
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

/** Fields of the edition that is filled best which some row leaves without an answer. */
function emptyFields(
  table: IxitTables['tables'][number] | undefined,
  name: string,
  list: readonly Row[],
): readonly string[] {
  const isEmpty = (value: unknown): boolean =>
    typeof value !== 'boolean' && text(value) === undefined && !(Array.isArray(value) && value.length > 0);
  const editions = Object.keys(table?.names ?? {}).filter((edition) => table?.names[edition] === name);
  const empty = editions.map((edition) =>
    (table?.fields ?? [])
      .filter((field) => field.editions.includes(edition) && list.some((row) => isEmpty(row[field.name])))
      .map((field) => field.name),
  );
  return empty.sort((a, b) => a.length - b.length)[0] ?? [];
}

function readRow(table: string | undefined, row: Row, context: DeclarationContext): void {
  const id = text(row['ID']) ?? '';
  if (table === '1') readMechanism(id, row, context);
  if (table !== '11') return;
  const details = text(row['Cryptographic Details']) ?? text(row['Description']) ?? '';
  const protocol = protocolIn(details);
  const floor = floorIn(details, protocol);
  const algorithms = [...details.matchAll(/\b(AES[-\w]*|ChaCha20[-\w]*|ECDHE?|RSA[-\w]*|Ed25519|X25519|SHA-?\d+)\b/gi)]
    .map((match) => match[0])
    .slice(0, 50);
  context.emit(declaredCryptography, { id, protocol, ...(floor === undefined ? {} : { floor }), algorithms });
}

/** A mechanism of IXIT 1: how its password is set is told by the entry of `accounts` that names it, else by free text. */
function readMechanism(id: string, row: Row, { declaration, emit, gap }: DeclarationContext): void {
  const told = rows(declaration['accounts']).some((one) => one['mechanism'] === id && one['preset'] !== undefined);
  if (told) return;
  const factor = text(row['Authentication Factor']) ?? '';
  const preset = KNOWLEDGE.test(factor) || factor === '' ? presetOf(JSON.stringify(row).toLowerCase()) : 'none';
  if (preset !== 'unknown') emit(declaredAccount, { id, factor, preset });
  else
    gap(
      {
        kind: 'not-given',
        flag: 'preset under accounts in the declaration',
        message: `how the password of ${id === '' ? 'a mechanism' : id} is set as sold is not told in words that assay knows`,
      },
      { facts: [declaredAccount] },
    );
}
const KNOWLEDGE = /password|passphrase|pin\b|knowledge|secret/i;

/** Words after which a version may be one that is not taken. */
const DENIAL = /\b(?:no|not|never|without|except|disabled?|off|deprecated|below|older|refused?|rejected)\b/i;

/** The lowest version of the protocol that free text names; nothing where the text may deny one of them. */
function floorIn(details: string, protocol: string): string | undefined {
  if (DENIAL.test(details) || (protocol !== 'TLS' && protocol !== 'DTLS')) return undefined;
  const named = [...details.matchAll(/\b(D?TLS)[ v]{0,4}((?:1\.[0-3])(?:(?: ?(?:,|\/|and|or) ?)v?1\.[0-3]){0,3})/gi)]
    .filter((match) => match[1]?.toUpperCase() === protocol)
    .flatMap((match) => match[2]?.match(/1\.[0-3]/g) ?? []);
  return lowest(named.map((version) => `${protocol}v${version === '1.0' ? '1' : version}`));
}

function protocolIn(details: string): string {
  if (/dtls/i.test(details)) return 'DTLS';
  if (/tls|https/i.test(details)) return 'TLS';
  return /ssh/i.test(details) ? 'SSH' : 'other';
}

/** What free text says of how a password is set as sold; `unknown` where it may deny what it names. */
function presetOf(words: string): 'unique' | 'user-set' | 'shared' | 'unknown' {
  const denies = /\b(?:no|not|never|non|without)\b/.test(words);
  if (/\b(?:same|identical|shared)\b[^.]{0,40}\b(?:password|units?|devices?|all)\b/.test(words))
    return denies ? 'unknown' : 'shared';
  if (denies) return 'unknown';
  if (/\bunique\b|\brandom/.test(words)) return 'unique';
  return /\buser[- ](?:defined|set)\b/.test(words) ? 'user-set' : 'unknown';
}
