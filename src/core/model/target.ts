/** What is looked at: one product, and the parts of it that a fact, a gap or a result is about. */

export const DEVICE_STATES = ['factory', 'initialised', 'unknown'] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

export interface DigestedFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** One product: units of a model, what runs on them, what reaches them, and what the maker says of them. */
export interface Target {
  readonly name: string;
  readonly state: DeviceState;
  readonly devices: readonly { readonly host: string }[];
  readonly images: readonly DigestedFile[];
  readonly updates: readonly DigestedFile[];
  readonly declaration?: DigestedFile;
}

/**
 * One thing on the target that is looked at: what a result points to, and the scope of a gap.
 * `path` is the path through containers: `fw.bin!uimage!squashfs/etc/shadow`. Byte ranges are [start, end).
 */
export type Subject =
  | { readonly kind: 'target' }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'endpoint'; readonly host: string; readonly port: number; readonly transport: Transport }
  | { readonly kind: 'ports'; readonly host: string; readonly transport: Transport; readonly ports: string }
  | { readonly kind: 'image'; readonly image: string }
  | { readonly kind: 'region'; readonly image: string; readonly start: number; readonly end: number }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'update'; readonly update: string };
export type Transport = 'tcp' | 'udp';
export type SubjectOf<K extends Subject['kind']> = Extract<Subject, { kind: K }>;

/**
 * The areas that checks speak of and gaps lie in. `endpoint` holds tcp and udp, `image` holds root-file-system,
 * `target` holds all.
 */
export const AREAS = [
  'target',
  'endpoint',
  'tcp',
  'udp',
  'image',
  'root-file-system',
  'update',
  'declaration',
] as const;
export type Area = (typeof AREAS)[number];

const HOLDS: { readonly [A in Area]: readonly Area[] } = {
  target: AREAS,
  endpoint: ['endpoint', 'tcp', 'udp'],
  tcp: ['tcp', 'endpoint'],
  udp: ['udp', 'endpoint'],
  image: ['image', 'root-file-system'],
  'root-file-system': ['root-file-system'],
  update: ['update'],
  declaration: ['declaration'],
};

/** Whether a gap in the area `gap` leaves open what a check says over the area `over`. */
export const touches = (gap: Area, over: Area): boolean => gap === 'target' || HOLDS[over].includes(gap);

/** One line that names a subject: `192.0.2.7:443/tcp`, `fw.bin!squashfs/etc/shadow`, `fw.bin[0x200..0x400]`. */
export function nameOf(subject: Subject): string {
  switch (subject.kind) {
    case 'target':
      return 'target';
    case 'host':
      return subject.host;
    case 'endpoint':
      return `${bracketed(subject.host)}:${subject.port}/${subject.transport}`;
    case 'ports':
      return `${bracketed(subject.host)}:${subject.ports}/${subject.transport}`;
    case 'image':
      return subject.image;
    case 'region':
      return `${subject.image}[0x${subject.start.toString(16)}..0x${subject.end.toString(16)}]`;
    case 'file':
      return subject.path;
    case 'update':
      return subject.update;
  }
}

/** Ranges of ports that are named one by one to a person. */
const RANGES = 8;

/** The name for a person: of very many ranges of ports the first ones and how many ports there are. */
export function shownName(subject: Subject): string {
  if (subject.kind !== 'ports') return nameOf(subject);
  const ranges = subject.ports.split(',');
  if (ranges.length <= RANGES) return nameOf(subject);
  const count = ranges.reduce((sum, range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
  const ports = `${ranges.slice(0, RANGES).join(',')},… (${count} ports)`;
  return `${bracketed(subject.host)}:${ports}/${subject.transport}`;
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** A host as it stands in a URL or a Host header: a zone means nothing to others, and no URL may hold it (RFC 6874 §1). */
export const hostInUrl = (host: string): string => bracketed(host.replace(/%[^%]*$/, ''));
