/** Descends through the containers of one image: opens each, recurses into what it held, and accounts for its bytes. */
import type { Blob } from '../../lib/blob.ts';
import { type Fault, FaultError, faultOf } from '../../lib/fault.ts';
import { looksEncrypted, statisticsOf } from '../../lib/statistics.ts';
import type { RootFileSystem } from '../model/files.ts';
import type { Unpacker } from '../model/unpacker.ts';
import { type Claim, Locator } from './carve.ts';
import { isText, sha256Of } from './digest.ts';
import type { Node } from './folder.ts';
import { Budget, ContainerBudget, type UnpackLimits } from './limits.ts';
import { MagicIndex } from './magic.ts';
import { shown } from './names.ts';
import type { ContainerRecord, OpaqueEntry, UnpackGap, UnpackOptions } from './outcome.ts';
import { PlacedBlob } from './placed.ts';
import { isOpen, overlay, type Region, shift, tidy } from './regions.ts';
import { modesAreKept, modesAreOwn, rootsIn } from './roots.ts';
import { namedParts, notesOf, place, Share } from './share.ts';
import { ContainerSink, type ContentStore } from './sink.ts';
import type { Spool } from './spool.ts';
import { settle } from './surface.ts';
import { pathOf, UnpackedTree } from './tree.ts';

/** Bytes that are looked at as a whole: an image, a stream, a partition, a file. */
export interface Surface {
  readonly path: string;
  readonly blob: Blob;
  readonly depth: number;
  /** Lies inside a root file system. */
  readonly inRoot: boolean;
  /** What it lies in, outermost first: to see when something holds itself. */
  readonly above: readonly Blob[];
}

/** Bytes in which the magics of nearly all formats lie, and by which text is told from other content. */
const HEAD = 4096;
/** A file of an archive below this size is content, whatever it is. */
const SMALL_FILE = 65_536;
/** Files of file systems that are looked through from start to end, as images are. */
const IMAGE_NAME =
  /\.(?:bin|img|image|fw|rom|trx|ubi|ubifs|itb|uimage|squashfs|sqfs|jffs2|cpio|chk|swu|raucb|mender|ota|dav|pkg|upd)$/i;

export class Session {
  readonly tree: UnpackedTree;
  readonly containers: ContainerRecord[] = [];
  readonly gaps: UnpackGap[] = [];
  readonly budget: Budget;
  readonly #options: UnpackOptions;
  readonly #signal: AbortSignal;
  readonly #spool: Spool;
  readonly #store: ContentStore = new Map();
  readonly #index: MagicIndex;
  readonly #wholes: readonly Unpacker[];
  readonly #acknowledged: ReadonlyMap<string, OpaqueEntry>;
  #spentTold = false;

  constructor(options: UnpackOptions, limits: UnpackLimits, spool: Spool, image: string) {
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#spool = spool;
    this.tree = new UnpackedTree(image);
    this.budget = new Budget(limits);
    this.#index = new MagicIndex(options.unpackers);
    this.#wholes = options.unpackers.filter(({ whole }) => whole !== undefined);
    this.#acknowledged = new Map(
      (options.opaque ?? []).flatMap((entry) => (entry.sha256 === undefined ? [] : [[entry.sha256, entry]])),
    );
  }

  tell(path: string, fault: Fault, root: boolean): void {
    this.gaps.push({
      path,
      area: root ? 'root-file-system' : 'image',
      fault: { ...fault, message: shown(fault.message) },
    });
  }

  /** Looks through a surface; its regions, which cover it once. */
  async open(surface: Surface): Promise<Region[]> {
    this.#signal.throwIfAborted();
    const settled = settle(surface.blob, this.#index, this.#wholes, this.#signal);
    for (const id of settled.givenUp)
      this.tell(
        surface.path,
        { kind: 'over-budget', message: `too many false starts of ${id}: not looked for to the end` },
        surface.inRoot,
      );
    for (const bug of settled.bugs) this.tell(surface.path, { kind: 'bug', message: bug }, surface.inRoot);
    const regions: Region[] = settled.rest.map((region) => this.#acknowledge(surface.blob, region));
    const seen = new Map<string, number>();
    for (const claim of settled.claims) regions.push(...(await this.#claimed(surface, claim, seen)));
    return tidy(regions, surface.blob.size);
  }

  /** A surface that is looked at from its start only: a file of a root file system. Whether something was recognised. */
  async openAtStart(surface: Surface, head: Uint8Array): Promise<boolean> {
    this.#signal.throwIfAborted();
    const claim = this.#atStart(surface.blob, head);
    if (claim === undefined) return false;
    if (claim.unpacker.class !== 'leaf' && claim.unpacker.unpack !== undefined)
      await this.#claimed(surface, claim, new Map());
    return true;
  }

  #atStart(blob: Blob, head: Uint8Array): Claim | undefined {
    // A hundred formats ask for a few bytes each, of every file: nearly all of them lie in the first read.
    const unpackers = [
      ...this.#index.atStart((offset, length) =>
        offset + length <= head.length || head.length === blob.size
          ? head.subarray(offset, offset + length)
          : blob.read(offset, length),
      ),
    ];
    return unpackers.length === 0 ? undefined : new Locator(blob).longest(unpackers, 0);
  }

  #acknowledge(blob: Blob, region: Region): Region {
    if (this.#acknowledged.size === 0 || !isOpen(region.kind)) return region;
    const entry = this.#acknowledged.get(sha256Of(blob.slice(region.start, region.end)));
    return entry === undefined ? region : { ...region, kind: 'acknowledged', note: entry.what };
  }

  async #claimed(surface: Surface, claim: Claim, seen: Map<string, number>): Promise<Region[]> {
    const { unpacker, start, end, note } = claim;
    const short = unpacker.id.slice(unpacker.id.lastIndexOf('/') + 1);
    const times = seen.get(short) ?? 0;
    seen.set(short, times + 1);
    const path = `${surface.path}!${short}${times === 0 ? '' : `@0x${start.toString(16)}`}`;
    const base: Region = {
      start,
      end,
      kind: 'understood',
      format: unpacker.id,
      ...(note === undefined ? {} : { note }),
    };
    if (claim.cut === true)
      this.tell(
        path,
        { kind: 'truncated', message: `${unpacker.title} is cut off: it says that it is longer` },
        isRooted(surface, unpacker),
      );
    const record: ContainerRecord = {
      path,
      format: unpacker.id,
      class: unpacker.class,
      within: surface.path,
      depth: surface.depth,
      start,
      end,
      ...(note === undefined ? {} : { note }),
      opened: false,
      files: 0,
    };
    // Outer ones come before what they hold.
    const place = this.containers.push(record) - 1;
    const opened = await this.#opened(surface, claim, path);
    if (opened !== undefined) this.containers[place] = { ...record, opened: true, files: opened.files };
    if (opened === undefined) return [{ ...base, kind: 'unknown', note: note ?? 'recognised, not read' }];
    return overlay([base], tidy(shift(opened.regions, start), surface.blob.size));
  }

  /** Undefined when it was not opened; else what differs from «understood», in bytes of the container. */
  async #opened(
    surface: Surface,
    claim: Claim,
    path: string,
  ): Promise<{ regions: Region[]; files: number } | undefined> {
    const { unpacker } = claim;
    const inRoot = isRooted(surface, unpacker);
    const container = new PlacedBlob(surface.blob.slice(claim.start, claim.end), claim, 0);
    if (unpacker.class === 'leaf') this.#leaf(surface, path, container);
    if (unpacker.unpack === undefined) {
      if (unpacker.class === 'leaf') return { regions: [], files: 0 };
      this.tell(path, { kind: 'unsupported', message: `${unpacker.title}: recognised, not read` }, inRoot);
      return undefined;
    }
    if (surface.depth >= this.budget.limits.depth) {
      this.tell(
        path,
        { kind: 'over-budget', message: `nested deeper than ${this.budget.limits.depth} containers` },
        inRoot,
      );
      return undefined;
    }
    if (this.budget.spent) {
      this.#tellSpent(path);
      return undefined;
    }
    this.#options.onContainer?.(path, unpacker.id);
    const sink = new ContainerSink(new ContainerBudget(this.budget, container.size), this.#spool, this.#store);
    const fault = await this.#unpack(unpacker, container, sink);
    if (fault !== undefined) this.tell(path, fault, inRoot);
    const regions = await this.#descend(
      { ...surface, path, depth: surface.depth + 1, above: [...surface.above, surface.blob] },
      claim,
      container,
      sink,
    );
    if (
      fault !== undefined &&
      unpacker.class !== 'leaf' &&
      regions.length === 0 &&
      sink.folder.nodes.size === 1 &&
      sink.parts.length === 0
    )
      return undefined;
    return { regions, files: sink.folder.nodes.size - 1 };
  }

  /** Once: a bomb of many small ones would have as many gaps. What is not opened counts as not understood all the same. */
  #tellSpent(path: string): void {
    if (!this.#spentTold)
      this.tell(
        path,
        { kind: 'over-budget', message: 'the budget of the image is spent: not opened, nor what follows' },
        true,
      );
    this.#spentTold = true;
  }

  async #unpack(unpacker: Unpacker, container: Blob, sink: ContainerSink): Promise<Fault | undefined> {
    let fault: Fault | undefined;
    try {
      await unpacker.unpack?.(container, sink, { signal: this.#signal, job: this.#options.job ?? noPool });
    } catch (thrown) {
      this.#signal.throwIfAborted();
      fault = faultOf(thrown);
    }
    try {
      sink.settle();
    } catch (thrown) {
      fault ??= faultOf(thrown);
    }
    return fault;
  }

  #leaf(surface: Surface, path: string, content: Blob): void {
    if (surface.blob.size === content.size && this.tree.get(surface.path) !== undefined) return;
    const name = path.slice(surface.path.length + 1);
    this.tree.addContent(path, surface.path, `/${name}`, content);
  }

  /** Takes entries into the tree and looks into parts and files. */
  async #descend(at: Surface, claim: Claim, container: PlacedBlob, sink: ContainerSink): Promise<Region[]> {
    const { folder } = sink;
    const holdsFiles = claim.unpacker.class === 'file-system' || claim.unpacker.class === 'archive';
    const prefixes = holdsFiles && !at.inRoot ? rootsIn(folder) : [];
    const keepsModes =
      claim.unpacker.class === 'file-system'
        ? modesAreKept(folder.nodes.values())
        : prefixes.length > 0 && modesAreOwn(folder.nodes.values());
    const roots = prefixes.map(
      (prefix): RootFileSystem => ({ path: prefix === '/' ? at.path : at.path + prefix, prefix, keepsModes }),
    );
    this.tree.add(at.path, folder, roots);
    const rooted = at.inRoot || roots.length > 0 || claim.unpacker.class === 'file-system';
    for (const { name, fault } of sink.brokenPieces)
      this.tell(at.path + (name === '' ? '' : `/${shown(name).replace(/^\/+/, '')}`), fault, rooted);
    return this.#within(at, claim, container, sink, roots);
  }

  /** Looks into parts and files; what of the container is not simply understood. */
  async #within(
    at: Surface,
    claim: Claim,
    container: Blob,
    sink: ContainerSink,
    roots: readonly RootFileSystem[],
  ): Promise<Region[]> {
    const regions = notesOf(sink);
    const share = new Share();
    const alone = sink.parts.length === 1;
    for (const { name, content } of namedParts(sink.parts)) {
      const surface: Surface = { ...at, path: alone ? at.path : `${at.path}/${name}`, blob: content };
      place(content, claim, await this.#openPart(surface, at.path, name), regions, share);
    }
    for (const node of [...sink.folder.nodes.values()]) {
      if (node.content === undefined || node.linkTo !== undefined || node.size === 0) continue;
      const inner = await this.#openFile(at, claim.unpacker, node, node.content, roots);
      place(node.content, claim, inner, regions, share);
    }
    return share.over(tidy(regions, container.size), container.size);
  }

  async #openPart(surface: Surface, container: string, name: string): Promise<Region[]> {
    if (this.#holdsItself(surface)) return [{ start: 0, end: surface.blob.size, kind: 'unknown' }];
    const before = this.containers.length;
    const regions = await this.open(surface);
    const inner = this.containers.slice(before).find(({ within }) => within === surface.path);
    const wrapped = inner !== undefined && inner.class !== 'leaf' && inner.end - inner.start === surface.blob.size;
    const blank = regions.every(({ kind }) => kind === 'padding');
    if (!wrapped && !blank && this.tree.get(surface.path) === undefined)
      this.tree.addContent(`${container}/${name}`, container, `/${name}`, surface.blob);
    return regions;
  }

  async #openFile(
    at: Surface,
    unpacker: Pick<Unpacker, 'class'>,
    node: Node,
    content: Blob,
    roots: readonly RootFileSystem[],
  ): Promise<Region[]> {
    const inRoot = at.inRoot || roots.some(({ prefix }) => prefix === '/' || node.name.startsWith(`${prefix}/`));
    const surface: Surface = { ...at, path: pathOf(at.path, node.name), blob: content, inRoot };
    const known: Region[] = [{ start: 0, end: node.size, kind: 'understood' }];
    const head = content.read(0, HEAD);
    if ((isText(content, head) && !IMAGE_TEXT.test(node.name)) || this.#holdsItself(surface)) return known;
    const regions = await this.#lookInto(surface, unpacker, node, head);
    const entry = this.#acknowledged.size === 0 ? undefined : this.#acknowledged.get(sha256Of(content));
    return entry === undefined ? regions : [{ start: 0, end: node.size, kind: 'acknowledged', note: entry.what }];
  }

  /**
   * In file systems a file is looked at from its start, elsewhere all through. A file of a file system has a name and an
   * end: whatever is in it, its bytes are accounted for. Elsewhere what is large can be unknown.
   */
  async #lookInto(
    surface: Surface,
    unpacker: Pick<Unpacker, 'class'>,
    node: Node,
    head: Uint8Array,
  ): Promise<Region[]> {
    const known: Region[] = [{ start: 0, end: node.size, kind: 'understood' }];
    const filed = surface.inRoot || unpacker.class === 'file-system';
    if (filed) {
      const before = this.containers.length;
      if (IMAGE_NAME.test(node.name)) await this.open(surface);
      else await this.openAtStart(surface, head);
      if (this.containers.length === before && !surface.inRoot) this.#tellSealed(surface, node);
      return known;
    }
    const regions = await this.open(surface);
    return node.size < SMALL_FILE ? known : regions;
  }

  /** A payload that is encrypted as a whole is a file like others, but what is in it was not seen. */
  #tellSealed({ path, blob, inRoot }: Surface, { name }: Node): void {
    if (blob.size < SMALL_FILE || !PAYLOAD_NAME.test(name)) return;
    if (!looksEncrypted(blob, statisticsOf(blob))) return;
    const message = 'a firmware by its name that cannot be told from random bytes: encrypted, and not seen into';
    this.tell(path, { kind: 'encrypted', message }, inRoot);
  }

  /** A file that lies in a directory of the host. */
  async openLoose(image: string, node: Node, content: Blob, roots: readonly RootFileSystem[]): Promise<Region[]> {
    const at: Surface = { path: image, blob: content, depth: 0, inRoot: false, above: [] };
    return this.#openFile(at, LOOSE, node, content, roots);
  }

  /** A quine: content that is one of the surfaces it lies in. */
  #holdsItself({ path, blob, above, inRoot }: Surface): boolean {
    const alike = above.filter(({ size }) => size === blob.size);
    if (alike.length === 0) return false;
    const digest = sha256Of(blob);
    if (!alike.some((other) => sha256Of(other) === digest)) return false;
    this.tell(path, { kind: 'over-budget', message: 'holds itself: not opened again' }, inRoot);
    return true;
  }
}

/** What a directory of the host counts as. */
const LOOSE: Pick<Unpacker, 'class'> = { class: 'archive' };

/** Names that firmware has where it lies as a file: chips' own blobs, sounds and models have others. */
const PAYLOAD_NAME =
  /\.(?:img|image|fw|rom|trx|ubi|ubifs|itb|squashfs|chk|swu|raucb|mender|ota|upd|enc|aes|crypt)$|(?:^|[/_.-])(?:rootfs|kernel|firmware|update|upgrade|recovery|sysupgrade|payload)(?:[_.-][^/]*)?$/i;

/** Text formats that hold an image. */
const IMAGE_TEXT = /\.(?:hex|ihex|s19|s28|s37|srec|mot|mhx)$/i;

const isRooted = (surface: Surface, unpacker: Unpacker): boolean => surface.inRoot || unpacker.class === 'file-system';

const noPool = (): Promise<never> => Promise.reject(new FaultError('unsupported', 'needs a worker, and there is none'));
