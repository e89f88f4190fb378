/** A small house to gather from: gatherers as values, doors that lead nowhere, a tree in memory. */
import { type Doors, type Gathered, gather } from '../../src/core/assessment/gather.ts';
import { type Given, type Opening, plan, type Registry } from '../../src/core/assessment/plan.ts';
import type { FactType } from '../../src/core/model/fact.ts';
import type { FileEntry, FileTree } from '../../src/core/model/files.ts';
import type { Analyzer, Deriver, Probe, Settings } from '../../src/core/model/gatherer.ts';
import type { Dialer } from '../../src/core/model/network.ts';
import type { Target } from '../../src/core/model/target.ts';
import { type Blob, memoryBlob } from '../../src/lib/blob.ts';
import { FaultError } from '../../src/lib/fault.ts';
import { BYTES, DOOR } from './judge.ts';

export const SETTINGS: Settings = {
  state: 'unknown',
  ports: 'default',
  credentials: false,
  credentialTries: 3,
  intrusive: false,
  crackSeconds: 0,
  authorities: [],
  keys: [],
  now: '2026-06-01T00:00:00Z',
};

export const OPENING: Opening = { id: 'opening', title: 'Opens', produces: [BYTES] };
export const EMPTY: Registry = {
  opening: OPENING,
  probes: [],
  analyzers: [],
  inspectors: [],
  declarations: [],
  derivers: [],
};

export const probe = (id: string, more: Partial<Probe> = {}): Probe => ({
  id,
  title: id,
  method: 'TEST',
  intrusion: 'safe',
  consumes: [],
  produces: [DOOR],
  subjects: () => [],
  observe: async () => {},
  ...more,
});
export const analyzer = (id: string, produces: readonly FactType[], more: Partial<Analyzer> = {}): Analyzer => ({
  id,
  title: id,
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces,
  wants: () => true,
  observe: () => {},
  ...more,
});
export const deriver = (
  id: string,
  consumes: readonly FactType[],
  produces: readonly FactType[],
  more: Partial<Deriver> = {},
): Deriver => ({
  id,
  title: id,
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes,
  produces,
  subjects: () => [{ kind: 'target' }],
  observe: async () => {},
  ...more,
});

export const TARGET: Target = {
  name: 'house',
  state: 'unknown',
  devices: [{ host: '192.0.2.1' }],
  images: [{ path: 'fw.bin', sha256: '0'.repeat(64), size: 3 }],
  updates: [],
};

export const given = (more: Partial<Given> = {}): Given => ({
  devices: true,
  images: true,
  updates: false,
  declaration: false,
  refuses: () => undefined,
  ...more,
});

/** A tree of files by path; every read of a content is counted. */
export function treeOf(files: { readonly [path: string]: string }, reads: string[] = [], roots = 1): FileTree {
  const entries = Object.keys(files).map(
    (path): FileEntry => ({
      path,
      container: 'fw.bin',
      name: `/${path}`,
      type: 'file',
      size: (files[path] ?? '').length,
    }),
  );
  return {
    image: 'fw.bin',
    roots: roots === 0 ? [] : [{ path: 'fw.bin', prefix: '/', keepsModes: true }],
    entries: () => entries,
    get: (path) => entries.find((entry) => entry.path === path),
    resolve: () => undefined,
    list: () => [],
    content: (entry): Blob => {
      const blob = memoryBlob(Buffer.from(files[entry.path] ?? ''));
      return {
        ...blob,
        read: (offset, length) => {
          reads.push(entry.path);
          return blob.read(offset, length);
        },
      };
    },
  };
}

const NOBODY = (): never => {
  throw new FaultError('denied', 'nobody is there');
};
const DIALER: Dialer = {
  tcp: async () => NOBODY(),
  tls: async () => NOBODY(),
  udp: async () => NOBODY(),
  http: async () => NOBODY(),
  sweep: async () => NOBODY(),
  counts: { tcp: 0, udp: 0 },
};

export const doors = (tree: FileTree, more: Partial<Doors> = {}): Doors => ({
  dialer: DIALER,
  knowledge: () => ({}),
  keep: (bytes, mediaType) => ({ sha256: '0'.repeat(64), mediaType, size: bytes.length }),
  clock: () => '2026-06-01T00:00:00Z',
  images: { open: async () => ({ tree, digested: () => {}, close: () => {} }), job: async () => undefined },
  artefact: () => memoryBlob(new Uint8Array(0)),
  verify: async () => [],
  declaration: {},
  ...more,
});

export function run(
  registry: Partial<Registry>,
  more: {
    readonly doors?: Doors;
    readonly given?: Given;
    readonly signal?: AbortSignal;
    readonly limit?: number;
    readonly target?: Target;
  } = {},
): Promise<Gathered> {
  const whole = { ...EMPTY, ...registry };
  return gather({
    target: more.target ?? TARGET,
    registry: whole,
    plan: plan(whole, 'all', more.given ?? given()),
    settings: SETTINGS,
    doors: more.doors ?? doors(treeOf({})),
    signal: more.signal ?? new AbortController().signal,
    ...(more.limit === undefined ? {} : { limit: more.limit }),
  });
}
