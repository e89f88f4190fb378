/** What `assay unpack` tells a person: how much was understood, what lies in what, what was not seen; within the columns there are. */
import type { FileEntry } from '../core/model/files.ts';
import type { ContainerRecord, UnpackedImage } from '../core/unpacking/outcome.ts';
import { isOpen, type Region } from '../core/unpacking/regions.ts';
import { bytes, plural, safeText, wrap } from '../lib/text.ts';

export interface UnpackWords {
  /** All containers, gaps and files, not the first ones only. */
  readonly tree: boolean;
  readonly columns: number;
  /** The title of an unpacker by its id. */
  readonly titles: ReadonlyMap<string, string>;
}

/** Lines of one kind without `--tree`. */
const SHORT = 24;
/** Where the third column starts: offset, size, what. */
const INDENT = 24;

export function unpackText(opened: UnpackedImage, words: UnpackWords): string {
  const lines = [
    ...head(opened, words.columns),
    ...section('what lies in it (offsets count in what holds it)', containers(opened, words), words),
    ...section('not understood', openRegions(opened, words.columns), words),
    ...section('root file systems', roots(opened, words.columns), words),
    ...section('not seen', gaps(opened, words.columns), words),
    ...(words.tree ? files(opened) : []),
  ];
  return `${lines.join('\n')}\n`;
}

function head({ tree, size, coverage }: UnpackedImage, columns: number): readonly string[] {
  const { understood, padding, acknowledged, encrypted, unknown } = coverage;
  const parts = Object.entries({ understood, padding, acknowledged, encrypted, unknown })
    .filter(([name, count]) => name !== 'acknowledged' || count > 0)
    .map(([name, count]) => `${name} ${percent(count, size)}`);
  const verdict = coverage.complete
    ? 'Understood: what is open is at most 1 % and no run of it exceeds 64 KiB.'
    : 'Not understood as a whole: checks over the image stay open.';
  return [
    ...wrap(safeText(tree.image, 4096), columns),
    ...wrap(`${bytes(size)}, ${plural(coverage.files, 'entry', 'entries')}`, columns - 2).map(indented),
    ...wrap(parts.join(', '), columns - 2).map(indented),
    ...wrap(verdict, columns - 2).map(indented),
  ];
}

/** Never says «0.0 %» or «100.0 %» of what is a little more or less. */
function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  if (part === whole) return '100 %';
  const share = (100 * part) / whole;
  if (share < 0.05) return '<0.1 %';
  return share > 99.95 ? '>99.9 %' : `${share.toFixed(1)} %`;
}

const indented = (line: string): string => `  ${line}`;

/** A title and blocks of lines below it; without `--tree` the first ones only. */
function section(title: string, blocks: readonly (readonly string[])[], { tree }: UnpackWords): readonly string[] {
  if (blocks.length === 0) return [];
  const shown = tree || blocks.length <= SHORT ? blocks : blocks.slice(0, SHORT - 1);
  const more = blocks.length - shown.length;
  return ['', `${title}:`, ...shown.flat(), ...(more === 0 ? [] : [`  … and ${more} more: --tree shows all`])];
}

function containers(opened: UnpackedImage, { columns, titles }: UnpackWords): readonly (readonly string[])[] {
  const above: ContainerRecord[] = [];
  return opened.containers.map((one) => {
    while (above.length > 0 && !holds(above.at(-1), one)) above.pop();
    const label = one.path.slice(above.at(-1)?.path.length ?? opened.tree.image.length);
    const depth = above.length;
    above.push(one);
    const title = titles.get(one.format) ?? one.format;
    const note = one.note === undefined || one.note === '' ? '' : `: ${one.note}`;
    return row(one, `${label}  ${title}${note}${one.opened ? '' : ' (not read)'}`, depth, columns);
  });
}

const holds = (outer: ContainerRecord | undefined, inner: ContainerRecord): boolean =>
  outer !== undefined && (inner.within === outer.path || inner.within.startsWith(`${outer.path}/`));

function row({ start, end }: Pick<Region, 'start' | 'end'>, text: string, depth: number, columns: number): string[] {
  const place = `  ${`0x${start.toString(16)}`.padEnd(11)} ${bytes(end - start).padStart(9)} `;
  const inward = '  '.repeat(Math.min(depth, 8));
  const width = Math.max(20, columns - INDENT - inward.length);
  return wrap(safeText(text, 4096), width, 2).map(
    (line, index) => `${index === 0 ? place : ' '.repeat(INDENT)}${inward}${line}`,
  );
}

/** Runs of the image that nothing accounts for, largest first. */
function openRegions(opened: UnpackedImage, columns: number): readonly (readonly string[])[] {
  return opened.regions
    .filter(({ kind }) => isOpen(kind))
    .sort((a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start)
    .map((region) => {
      const entropy = region.entropy === undefined ? '' : `, ${region.entropy.toFixed(1)} bits a byte`;
      return row(region, `${region.kind}: ${region.note ?? region.format ?? 'no format'}${entropy}`, 0, columns);
    });
}

const roots = (opened: UnpackedImage, columns: number): readonly (readonly string[])[] =>
  opened.tree.roots.map(({ path, keepsModes }) =>
    wrap(
      safeText(`${short(path, opened)}${keepsModes ? '' : ' (modes and owners were lost)'}`, 4096),
      columns - 2,
      2,
    ).map(indented),
  );

const gaps = (opened: UnpackedImage, columns: number): readonly (readonly string[])[] =>
  opened.gaps.map(({ path, fault }) =>
    wrap(safeText(`${short(path, opened)}: ${fault.message}`, 4096), columns - 2, 2).map(indented),
  );

/** A path without the name of the image, which stands above. */
const short = (path: string, { tree }: UnpackedImage): string =>
  path === tree.image ? 'the image' : path.startsWith(tree.image) ? path.slice(tree.image.length) : path;

/** One line an entry, below the path of its container; names are never broken. */
function files(opened: UnpackedImage): readonly string[] {
  const lines: string[] = [];
  let container: string | undefined;
  for (const entry of opened.tree.entries()) {
    if (entry.container !== container) {
      container = entry.container;
      lines.push('', `files of ${safeText(short(container, opened), 4096)}:`);
    }
    lines.push(entryLine(entry));
  }
  return lines;
}

const LETTER: { readonly [T in FileEntry['type']]: string } = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  'character-device': 'c',
  'block-device': 'b',
  fifo: 'p',
  socket: 's',
};

function entryLine({ path, container, type, mode, uid, gid, size, target, linkTo, device }: FileEntry): string {
  const owner = uid === undefined ? '-' : `${uid}:${gid ?? '-'}`;
  const bits = mode === undefined ? '----' : mode.toString(8).padStart(4, '0');
  const measure = device === undefined ? String(size) : `${device.major},${device.minor}`;
  const name = path.startsWith(container) ? path.slice(container.length) : path;
  const to =
    target === undefined ? (linkTo === undefined ? '' : ` = ${linkTo.slice(container.length)}`) : ` -> ${target}`;
  return `${LETTER[type]} ${bits} ${owner.padEnd(9)} ${measure.padStart(10)} ${safeText(name + to, 8192)}`;
}
