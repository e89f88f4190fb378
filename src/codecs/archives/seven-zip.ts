/** A job for a worker thread: opens an archive with 7-Zip compiled to WebAssembly, in memory and nowhere else. */
import { closeSync, openSync, readSync } from 'node:fs';
import { FaultError } from '../../lib/fault.ts';

export interface SevenZipInput {
  /** The archive is the bytes [offset, offset + size) of this file… */
  readonly path?: string;
  readonly offset?: number;
  readonly size?: number;
  /** …or these bytes. */
  readonly bytes?: Uint8Array;
  /** 7-Zip's name of the format: `Cab`, `7z`, `Rar5`, `Iso`, `NTFS`. */
  readonly format: string;
  /** Unpacked bytes and entries at most. */
  readonly most: number;
  readonly mostEntries: number;
}

export interface SevenZipEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly content?: Uint8Array;
  readonly target?: string;
}

export interface SevenZipOutput {
  readonly entries: readonly SevenZipEntry[];
  /** What 7-Zip complained of; empty when all was read. */
  readonly complaint: string;
  readonly encrypted: boolean;
}

const COMPLAINT = /^(?:ERROR|WARNING|Sub items Errors|Errors|.*Unexpected end)/i;

/** 7-Zip makes no link that leads out of its folder, but says what it would have been; here it is only told. */
function refusedLink(line: string): SevenZipEntry[] {
  const [, name, target] = /^ERROR: Dangerous (?:symbolic )?link path was ignored : (.+) : (.+)$/.exec(line) ?? [];
  return name === undefined || target === undefined ? [] : [{ name, type: 'symlink', target }];
}

/** WebAssembly memory ends at 2 GiB: archive and content must fit together. */
const ROOM = 1536 * 2 ** 20;

interface Stat {
  readonly mode: number;
}
interface FileSystem {
  mkdir(path: string): void;
  readdir(path: string): string[];
  lstat(path: string): Stat;
  readlink(path: string): string;
  readFile(path: string): Uint8Array;
  unlink(path: string): void;
  writeFile(path: string, bytes: Uint8Array): void;
}
interface Module {
  readonly FS: FileSystem;
  callMain(parameters: string[]): void;
}
type Factory = (options: {
  print(line: string): void;
  printErr(line: string): void;
  quit(code: number): void;
}) => Promise<Module>;

export async function run(raw: unknown): Promise<SevenZipOutput> {
  const input = raw as SevenZipInput;
  const archive = bytesOf(input);
  const lines: string[] = [];
  const { default: factory } = (await import('7z-wasm')) as unknown as { default: Factory };
  const module = await factory({
    print: (line) => keep(lines, line),
    printErr: (line) => keep(lines, line),
    quit: () => undefined,
  });
  module.FS.writeFile('/archive', archive);
  const kind = `-t${input.format}`;
  call(module, ['l', '-slt', '-p-', kind, '/archive']);
  const listed = sizesOf(lines);
  if (listed.entries > input.mostEntries) throw new FaultError('over-budget', `${listed.entries} entries`);
  if (listed.bytes > input.most || listed.bytes + archive.length > ROOM)
    throw new FaultError('over-budget', `would unpack to ${listed.bytes} bytes`);
  const encrypted =
    lines.includes('Encrypted = +') || lines.some((line) => /encrypted archive|Wrong password/i.test(line));
  lines.length = 0;
  module.FS.mkdir('/out');
  call(module, ['x', '-y', '-p-', '-bd', kind, '-o/out', '/archive']);
  module.FS.unlink('/archive');
  const links = lines.flatMap(refusedLink);
  const complaints = lines.filter((line) => COMPLAINT.test(line) && refusedLink(line).length === 0);
  const counted = complaints.every((line) => line === `Sub items Errors: ${links.length}`);
  const entries = [...links, ...walk(module.FS, '', input.mostEntries)];
  return { entries, complaint: counted ? '' : complaints.join('; ').slice(0, 300), encrypted };
}

function bytesOf(input: SevenZipInput): Uint8Array {
  if (input.bytes !== undefined) return input.bytes;
  const size = input.size ?? 0;
  if (input.path === undefined || size > ROOM / 2)
    throw new FaultError('over-budget', `archive of ${size} bytes is too large to be opened in memory`);
  const descriptor = openSync(input.path, 'r');
  try {
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const got = readSync(descriptor, bytes, done, size - done, (input.offset ?? 0) + done);
      if (got === 0) break;
      done += got;
    }
    return bytes.subarray(0, done);
  } finally {
    closeSync(descriptor);
  }
}

function keep(lines: string[], line: string): void {
  if (lines.length < 4_000_000) lines.push(line);
}

/** 7-Zip ends by throwing its exit status; what went wrong stands in its output. */
function call(module: Module, parameters: string[]): void {
  try {
    module.callMain(parameters);
  } catch (thrown) {
    // What its C++ throws arrives as a number, what its memory traps as a RuntimeError.
    if (typeof thrown === 'number' || (thrown instanceof Error && thrown.name === 'RuntimeError'))
      throw new FaultError('malformed', 'the archive is broken: 7-Zip gave up');
    if (!(typeof thrown === 'object' && thrown !== null && 'status' in thrown)) throw thrown;
  }
}

function sizesOf(lines: readonly string[]): { bytes: number; entries: number } {
  let bytes = 0;
  let entries = 0;
  const start = lines.indexOf('----------');
  for (let index = Math.max(0, start); index < lines.length; index++) {
    const line = lines[index]!;
    if (line.startsWith('Path = ')) entries += 1;
    else if (line.startsWith('Size = ')) bytes += Number(line.slice(7)) || 0;
  }
  return { bytes, entries };
}

function* walk(files: FileSystem, folder: string, most: number): Generator<SevenZipEntry> {
  const queue = [folder];
  let count = 0;
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const child of files.readdir(`/out${at}`)) {
      if (child === '.' || child === '..') continue;
      count += 1;
      if (count > most) throw new FaultError('over-budget', `more than ${most} entries`);
      const name = `${at}/${child}`;
      const stat = files.lstat(`/out${name}`);
      const kind = stat.mode & 0o170000;
      if (kind === 0o040000) {
        queue.push(name);
        yield { name, type: 'directory' };
      } else if (kind === 0o120000)
        yield { name, type: 'symlink', target: files.readlink(`/out${name}`).replace(/^\/out(?=\/)/, '') };
      else {
        const content = files.readFile(`/out${name}`);
        files.unlink(`/out${name}`);
        yield { name, type: 'file', content };
      }
    }
  }
}
