/** What changed in the product between two dossiers: its files by hash, and its components, services, listeners, accounts and keys. */
import { compare } from '../core/assessment/facts.ts';
import type { ListedFile } from '../core/evidence/dossier.ts';
import type { ReadDossier } from '../core/evidence/read.ts';
import type { Fact, FactType } from '../core/model/fact.ts';
import { nameOf } from '../core/model/target.ts';
import {
  accountPassword,
  accountUser,
  binaryTool,
  imageIdentity,
  kernelVersion,
  keyPrivate,
  loginDefault,
  netDisclosure,
  netService,
  serviceStart,
  sshHostKey,
  tlsCertificate,
  updateClient,
  updateTrustedKey,
} from '../facts/index.ts';

export interface FileChange {
  readonly path: string;
  /** `content`, `mode 0755 → 4755`, `owner 0:0 → 33:33`, `type file → symlink`, `target a → b`. */
  readonly what: readonly string[];
}
export interface FileChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly FileChange[];
  /** The same content by another name. */
  readonly moved: readonly { readonly from: string; readonly to: string }[];
  /** Programs that run as their owner or group now and did not, and the other way round. */
  readonly setuid: { readonly appeared: readonly string[]; readonly gone: readonly string[] };
}
export interface ThingChanges {
  readonly kind: string;
  readonly appeared: readonly string[];
  readonly gone: readonly string[];
  readonly changed: readonly { readonly what: string; readonly before: string; readonly after: string }[];
  /** Why there may be more, or less: one of the two saw less. */
  readonly note?: string;
}
export interface ProductDifference {
  /** Absent where one of the two has no list of files. */
  readonly files?: FileChanges;
  readonly things: readonly ThingChanges[];
}

export function compareProducts(before: ReadDossier, after: ReadDossier): ProductDifference {
  const [old, fresh] = [before.files(), after.files()];
  const single = [before, after].every(({ head }) => head.target.images.length <= 1);
  return {
    ...(old === undefined || fresh === undefined
      ? {}
      : { files: fileChanges(byPath(old, before, single), byPath(fresh, after, single)) }),
    things: KINDS.flatMap((kind) => thingChanges(kind, before, after)),
  };
}

/** By path through the containers; of an only image its own name is left out, for releases differ in it. */
function byPath(files: readonly ListedFile[], { head }: ReadDossier, single: boolean): Files {
  const name = head.target.images[0]?.path ?? '';
  const inside = (path: string): string =>
    single && path.startsWith(name) ? path.slice(name.length).replace(/^!/, '') : path;
  return new Map(files.map((file) => [inside(file.path), file]));
}

type Files = ReadonlyMap<string, ListedFile>;

function fileChanges(before: Files, after: Files): FileChanges {
  const removed = [...before.keys()].filter((path) => !after.has(path)).sort(compare);
  const added = [...after.keys()].filter((path) => !before.has(path)).sort(compare);
  const moved = movesOf(removed, added, before, after);
  const gone = new Set(moved.map(({ from }) => from));
  const come = new Set(moved.map(({ to }) => to));
  const changed = [...after].flatMap(([path, now]) => {
    const was = before.get(path);
    const what = was === undefined ? [] : differencesOf(was, now);
    return what.length === 0 ? [] : [{ path, what }];
  });
  const [wasSetuid, isSetuid] = [setuidOf(before), setuidOf(after)];
  return {
    added: added.filter((path) => !come.has(path)),
    removed: removed.filter((path) => !gone.has(path)),
    changed: changed.sort((a, b) => compare(a.path, b.path)),
    moved,
    setuid: {
      appeared: [...isSetuid].filter((path) => !wasSetuid.has(path)).sort(compare),
      gone: [...wasSetuid].filter((path) => !isSetuid.has(path)).sort(compare),
    },
  };
}

function movesOf(
  removed: readonly string[],
  added: readonly string[],
  before: Files,
  after: Files,
): FileChanges['moved'] {
  const free = new Map<string, string[]>();
  for (const path of added) {
    const { sha256, size = 0 } = after.get(path) ?? {};
    if (sha256 === undefined || size === 0) continue;
    free.set(sha256, [...(free.get(sha256) ?? []), path]);
  }
  return removed.flatMap((from) => {
    const to = free.get(before.get(from)?.sha256 ?? '')?.shift();
    return to === undefined ? [] : [{ from, to }];
  });
}

const octal = (mode: number | undefined): string => (mode === undefined ? 'none' : mode.toString(8).padStart(4, '0'));
const owner = ({ uid, gid }: ListedFile): string => `${uid ?? '?'}:${gid ?? '?'}`;
const aim = ({ target, linkTo, device }: ListedFile): string =>
  target ?? linkTo ?? (device === undefined ? '' : `${device.major}:${device.minor}`);

function differencesOf(was: ListedFile, now: ListedFile): readonly string[] {
  const pairs: readonly (readonly [string, string, string])[] = [
    ['type', was.type, now.type],
    ['mode', octal(was.mode), octal(now.mode)],
    ['owner', owner(was), owner(now)],
    ['target', aim(was), aim(now)],
  ];
  const content =
    was.type === 'file' && now.type === 'file' && (was.sha256 !== now.sha256 || was.size !== now.size)
      ? ['content']
      : [];
  return [...content, ...pairs.flatMap(([what, a, b]) => (a === b ? [] : [`${what} ${a} → ${b}`]))];
}

const setuidOf = (files: Files): ReadonlySet<string> =>
  new Set([...files].flatMap(([path, { type, mode = 0 }]) => (type === 'file' && (mode & 0o6000) !== 0 ? [path] : [])));

/** Things of one kind: what names one, and what may change about it. */
interface Kind {
  readonly kind: string;
  readonly of: readonly Telling[];
}
interface Telling {
  readonly type: FactType;
  tell(fact: Fact, alone: boolean): readonly [what: string, value: string];
}
const telling = <T>(type: FactType<T>, tell: (data: T, at: string) => readonly [string, string]): Telling => ({
  type: type as FactType,
  tell: (fact, alone) => tell(fact.data as T, placeOf(fact, alone)),
});

/** A port of the only device; a name that tells devices apart where there are several. */
function placeOf({ subject }: Fact, alone: boolean): string {
  return subject.kind === 'endpoint' && alone ? `${subject.port}/${subject.transport}` : nameOf(subject);
}
const words = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' ');

const KINDS: readonly Kind[] = [
  {
    kind: 'Components',
    of: [
      telling(imageIdentity, ({ name, source, file, version }) => [words(name, `(${file ?? source})`), version]),
      telling(kernelVersion, ({ source, version }) => [`Linux (${source})`, version]),
      telling(binaryTool, ({ kind, name, file }) => [`${kind} ${file}`, name]),
      telling(netDisclosure, ({ software, version }, at) => [`${software} on ${at}`, version]),
    ],
  },
  {
    kind: 'Services that start',
    of: [
      telling(serviceStart, ({ program, file, command, started, user }) => [
        `${program} by ${file}`,
        `${command}, ${started}${user === 'unknown' ? '' : `, as ${user}`}`,
      ]),
    ],
  },
  {
    kind: 'Listeners',
    of: [
      telling(netService, ({ protocol, tls, product, version }, at) => [
        at,
        words(protocol, tls ? 'in TLS' : '', product, version),
      ]),
    ],
  },
  {
    kind: 'Accounts',
    of: [
      telling(accountUser, ({ account, file, uid, shell }) => [`${account} in ${file}`, `uid ${uid}, shell ${shell}`]),
      telling(accountPassword, ({ account, file, state, scheme, fingerprint }) => [
        `password of ${account} in ${file}`,
        words(state, scheme, fingerprint),
      ]),
    ],
  },
  {
    kind: 'Private keys',
    of: [
      telling(keyPrivate, ({ file, type, bits, spki }) => [
        file,
        words(type, bits === undefined ? '' : `${bits} bits`, spki?.slice(0, 16)),
      ]),
    ],
  },
  {
    kind: 'Keys on the network',
    of: [
      telling(sshHostKey, ({ type, bits, fingerprint }, at) => [`${type} of ${at}`, `${bits} bits, ${fingerprint}`]),
      telling(tlsCertificate, ({ position, subject, keyType, spki, sha256 }, at) => [
        `${position} certificate (${keyType}) of ${at}`,
        `${subject}, key ${spki.slice(0, 16)}, certificate ${sha256.slice(0, 16)}`,
      ]),
    ],
  },
  {
    kind: 'Default logins',
    of: [
      telling(loginDefault, ({ protocol, accepted, account, password }, at) => [
        `${protocol} of ${at}`,
        accepted ? `${account || 'no name'}, ${password || 'no password'}` : 'none taken',
      ]),
    ],
  },
  {
    kind: 'Update servers and keys',
    of: [
      telling(updateClient, ({ tool, file, url, transport, signatureCheck }) => [
        `${tool} by ${file}`,
        `${url ?? transport}, signature check ${signatureCheck}`,
      ]),
      telling(updateTrustedKey, ({ file, type, fingerprint }) => [
        `key ${file}`,
        `${type} ${fingerprint.slice(0, 16)}`,
      ]),
    ],
  },
];

function thingChanges({ kind, of }: Kind, before: ReadDossier, after: ReadDossier): readonly ThingChanges[] {
  const alone = [before, after].every(({ head }) => head.target.devices.length <= 1);
  const seen = of.filter(({ type }) => looked(before, type) && looked(after, type));
  const half = of.filter(({ type }) => looked(before, type) !== looked(after, type));
  const [old, fresh] = [valuesOf(seen, before, alone), valuesOf(seen, after, alone)];
  const line = (what: string, value: string): string => (value === '' ? what : `${what}: ${value}`);
  const changes = {
    kind,
    appeared: [...fresh].flatMap(([what, value]) => (old.has(what) ? [] : [line(what, value)])),
    gone: [...old].flatMap(([what, value]) => (fresh.has(what) ? [] : [line(what, value)])),
    changed: [...fresh].flatMap(([what, now]) => {
      const was = old.get(what);
      return was === undefined || was === now ? [] : [{ what, before: was, after: now }];
    }),
  };
  const note = noteOf(seen, half, before, after);
  const silent = changes.appeared.length + changes.gone.length + changes.changed.length === 0;
  if (silent && half.length === 0) return [];
  return [{ ...changes, ...(note === '' ? {} : { note }) }];
}

/** By name, in order; what several facts say of one thing together. */
function valuesOf(of: readonly Telling[], { facts }: ReadDossier, alone: boolean): ReadonlyMap<string, string> {
  const found = new Map<string, Set<string>>();
  for (const { type, tell } of of)
    for (const fact of facts.filter((one) => one.type === type.name)) {
      const [what, value] = tell(fact, alone);
      found.set(what, (found.get(what) ?? new Set()).add(value));
    }
  return new Map(
    [...found].sort(([a], [b]) => compare(a, b)).map(([what, all]) => [what, [...all].sort(compare).join('; ')]),
  );
}

const looked = ({ head }: ReadDossier, { name }: FactType): boolean =>
  head.gatherers.some(({ status, produces }) => status !== 'not-given' && produces.includes(name));

const torn = ({ gaps }: ReadDossier, of: readonly Telling[]): boolean =>
  gaps.some(({ unseen, facts }) => unseen.kind !== 'not-given' && of.some(({ type }) => facts.includes(type.name)));

function noteOf(seen: readonly Telling[], half: readonly Telling[], before: ReadDossier, after: ReadDossier): string {
  const missed = [torn(before, seen) ? 'the old' : '', torn(after, seen) ? 'the new' : ''].filter((one) => one !== '');
  return [
    ...(half.length === 0
      ? []
      : [`${half.map(({ type }) => type.name).join(', ')}: looked for in one of the two only`]),
    ...(missed.length === 0 ? [] : [`not all was seen in ${missed.join(' and ')}: what is gone may only be unseen`]),
  ].join('; ');
}
