/** What the maker declares in lists of its own (accounts, cryptography, listeners) in the words of IXIT tables. */

type Row = { readonly [field: string]: unknown };
const record = (value: unknown): Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : {};
const rowsIn = (value: unknown): readonly Row[] => (Array.isArray(value) ? value.map(record) : []);
const list = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(', ') : '');

/** Rows by number of the table; only fields that the lists answer. */
export function declaredRows(declaration: Row): ReadonlyMap<number, readonly Row[]> {
  return new Map([
    [1, joined([], rowsIn(declaration['accounts']).flatMap(mechanism))],
    [11, joined([], rowsIn(declaration['cryptography']).map(channel))],
    [28, rowsIn(declaration['listeners']).map(listener)],
  ]);
}

/** Rows of one ID are one row: what stands in the table goes first, and several answers to one field stand below each other. */
export function joined(said: readonly Row[], more: readonly Row[]): readonly Row[] {
  const rows = [...said];
  for (const row of more) {
    const at = rows.findIndex((one) => one['ID'] === row['ID']);
    if (at < 0) rows.push(row);
    else rows[at] = at < said.length ? { ...row, ...answered(rows[at]) } : both(record(rows[at]), row);
  }
  return rows;
}

const answered = (row: Row | undefined): Row =>
  Object.fromEntries(Object.entries(row ?? {}).filter(([, value]) => value !== '' && value !== null));

const both = (one: Row, other: Row): Row =>
  Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])].map((field) => {
      const answers = new Set([one[field], other[field]].filter((value) => value !== undefined));
      return [field, [...answers].join('\n')];
    }),
  );

const PRESET: { readonly [preset: string]: string } = {
  unique: 'different on every unit as sold',
  'user-set': 'set by the user before use',
  shared: 'the same on all units as sold',
  none: 'no password as sold',
};

/** 1-AuthMech: an account without a login authenticates nobody. */
function mechanism({ account, login, through, preset, mechanism: id, purpose }: Row): readonly Row[] {
  if (login === false) return [];
  const ways = list(through);
  const password = PRESET[String(preset)];
  return [
    {
      ID: id ?? `account ${String(account)}`,
      Description: `login as ${String(account)}${ways === '' ? '' : ` through ${ways}`}${purpose === undefined ? '' : `: ${String(purpose)}`}`,
      ...(password === undefined ? {} : { 'Password Generation Mechanism': `${String(account)}: ${password}` }),
    },
  ];
}

const ALGORITHMS = ['versions', 'suites', 'groups', 'kex', 'hostKeys', 'ciphers', 'macs'] as const;
const WORD: { readonly [member: string]: string } = { kex: 'key exchanges', hostKeys: 'host keys', macs: 'MACs' };

/** 11-ComMech or 11-SecComMech. */
function channel(row: Row): Row {
  const ports = list(row['ports']);
  const details = ALGORITHMS.filter((member) => Array.isArray(row[member])).map(
    (member) => `${WORD[member] ?? member} ${list(row[member]) || 'none'}`,
  );
  const protocol = String(row['protocol']);
  return {
    ID: row['channel'],
    Description: ports === '' ? `${protocol} wherever it is spoken` : `${protocol} at ${ports}`,
    ...(ports === '' ? {} : { Interface: ports }),
    'Cryptographic Details': [protocol, ...details].join('; '),
  };
}

/** 28-ExtAPI or 28-LogIntf. */
function listener({ port, transport, protocol, purpose }: Row): Row {
  const place = `${String(port)}/${String(transport)}`;
  const spoken = protocol === undefined ? '' : `${String(protocol)} at `;
  return {
    ID: `listener ${place}`,
    Description: `${spoken}${place}${purpose === undefined ? '' : `: ${String(purpose)}`}`,
  };
}
