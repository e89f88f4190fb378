/** Unpacks images with workers and compares their trees with directories of this machine. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { JOBS } from '../../src/codecs/jobs.ts';
import type { FileEntry } from '../../src/core/model/files.ts';
import { type UnpackedImage, unpackImage } from '../../src/core/unpacking/unpack.ts';
import { createPool, type Pool } from '../../src/core/work/pool.ts';
import { chunksOf } from '../../src/lib/blob.ts';
import * as unpackers from '../../src/plugins/unpackers/index.ts';

/** What a tree says of one name, in one line that can be compared. */
export type Listing = { [name: string]: string };

let pool: Pool | undefined;

/** Runs jobs in the worker pool, on built files. */
export function job(name: string, input: unknown): Promise<unknown> {
  pool ??= createPool({ jobs: JOBS });
  return pool.run(name, input);
}

export async function unpacked<T>(path: string, look: (image: UnpackedImage) => T | Promise<T>): Promise<T> {
  const image = await unpackImage({ path, unpackers: Object.values(unpackers), job });
  try {
    return await look(image);
  } finally {
    image.dispose();
  }
}

export interface What {
  /** Modes, owners; both kept unless said. */
  readonly modes?: boolean;
  readonly owners?: boolean;
  readonly links?: boolean;
  /** Times, extended attributes and which names are one file; none compared unless said. */
  readonly mtime?: boolean;
  readonly xattrs?: boolean;
  readonly hardLinks?: boolean;
}

/** What else is compared of an entry, as words. */
function extra(
  what: What,
  entry: { readonly mtime?: number | undefined; readonly xattrs?: { readonly [name: string]: string } | undefined },
  first: string | undefined,
): string {
  const attributes = Object.entries(entry.xattrs ?? {})
    .map(([name, value]) => `${name}=${Buffer.from(value, 'latin1').toString('hex')}`)
    .sort();
  return [
    ...(what.mtime === true ? [`@${entry.mtime}`] : []),
    ...(what.xattrs === true ? attributes : []),
    ...(what.hardLinks === true && first !== undefined ? [`= ${first}`] : []),
  ]
    .map((word) => ` ${word}`)
    .join('');
}

/** The names that are one file, each with the first of them in the order of names. */
function firstNames(groups: Iterable<readonly string[]>): Map<string, string> {
  const first = new Map<string, string>();
  for (const names of groups) {
    const sorted = [...names].sort();
    if (sorted.length > 1) for (const name of sorted) first.set(name, sorted[0]!);
  }
  return first;
}

function grouped(pairs: Iterable<readonly [string, string]>): string[][] {
  const groups = new Map<string, string[]>();
  for (const [key, name] of pairs) groups.set(key, [...(groups.get(key) ?? []), name]);
  return [...groups.values()];
}

function hashOf(image: UnpackedImage, entry: FileEntry): string {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(image.tree.content(entry))) hash.update(chunk);
  return hash.digest('hex').slice(0, 16);
}

const LETTERS = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  'character-device': 'c',
  'block-device': 'b',
  fifo: 'p',
  socket: 's',
} as const;

function line(kind: string, mode: number, uid: number, gid: number, rest: string, what: What): string {
  const modes = what.modes === false || kind === 'l' ? '' : ` ${(mode & 0o7777).toString(8)}`;
  return `${kind}${modes}${what.owners === false ? '' : ` ${uid}:${gid}`}${rest === '' ? '' : ` ${rest}`}`;
}

/** Everything in the containers whose path holds `within`, by name. */
export function listingOf(image: UnpackedImage, within: string, what: What = {}): Listing {
  const found: Listing = {};
  const entries = [...image.tree.entries()].filter(({ container }) => isAt(container, within));
  const names = new Map(entries.map(({ path, name }) => [path, name]));
  const first = firstNames(grouped(entries.map(({ path, name, linkTo }) => [names.get(linkTo ?? path) ?? '', name])));
  for (const entry of entries) {
    const { type, device } = entry;
    const rest =
      type === 'file'
        ? `${entry.size} ${hashOf(image, entry)}`
        : type === 'symlink'
          ? `-> ${entry.target}`
          : device === undefined
            ? ''
            : `${device.major},${device.minor}`;
    const more = extra(what, entry, type === 'directory' ? undefined : first.get(entry.name));
    found[entry.name] = line(LETTERS[type], entry.mode ?? 0, entry.uid ?? -1, entry.gid ?? -1, rest, what) + more;
  }
  return found;
}

/** What its files hold in turn has names of its own. */
const isAt = (container: string, within: string): boolean => {
  const at = container.lastIndexOf(within);
  return at >= 0 && !container.slice(at + within.length).includes('!');
};

/** The same of a directory of this machine. */
export function listingOfDirectory(directory: string, what: What = {}): Listing {
  const found: Listing = {};
  const attributes = what.xattrs === true ? xattrsOf(directory) : {};
  const inodes: [string, string][] = [];
  const look = (name: string): void => {
    const path = join(directory, name);
    const stat = lstatSync(path);
    const kind = stat.isDirectory()
      ? 'd'
      : stat.isSymbolicLink()
        ? 'l'
        : stat.isFile()
          ? '-'
          : stat.isFIFO()
            ? 'p'
            : stat.isSocket()
              ? 's'
              : stat.isBlockDevice()
                ? 'b'
                : 'c';
    const rest =
      kind === '-'
        ? `${stat.size} ${createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)}`
        : kind === 'l'
          ? `-> ${readlinkSync(path)}`
          : kind === 'b' || kind === 'c'
            ? `${(stat.rdev >> 8) & 0xfff},${(stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00)}`
            : '';
    if (kind !== 'd') inodes.push([`${stat.ino}`, name]);
    const told = { mtime: Math.floor(stat.mtimeMs / 1000), xattrs: attributes[name] };
    found[name] = line(kind, stat.mode, stat.uid, stat.gid, rest, what) + extra(what, told, undefined);
    if (kind === 'd') for (const inner of readdirSync(path)) look(name === '/' ? `/${inner}` : `${name}/${inner}`);
  };
  look('/');
  for (const [name, one] of firstNames(grouped(inodes)))
    found[name] += extra({ hardLinks: what.hardLinks === true }, {}, one);
  return found;
}

/** Extended attributes of a directory of this machine by name, values as one character a byte; Node reads none. */
function xattrsOf(directory: string): { [name: string]: { [name: string]: string } } {
  const script = `
import json, os, sys
top = sys.argv[1]
found = {}
def look(path):
    there = {name: os.getxattr(path, name, follow_symlinks=False).decode('latin1') for name in os.listxattr(path, follow_symlinks=False)}
    if there: found['/' + os.path.relpath(path, top) if path != top else '/'] = there
for folder, folders, files in os.walk(top):
    look(folder)
    for name in files + [one for one in folders if os.path.islink(os.path.join(folder, one))]: look(os.path.join(folder, name))
print(json.dumps(found))`;
  return JSON.parse(tool('python3', '-c', script, directory)) as { [name: string]: { [name: string]: string } };
}

/** Makes a tree of every kind of entry at `directory`; devices and owners only as root. */
export function makeTree(directory: string, files = 300): void {
  const script = `
set -e
mkdir -p "$1" && cd "$1"
mkdir -p etc/init.d bin usr/lib dev var/empty many 'with space' deep/a/b/c/d/e/f
printf 'root:x:0:0::/root:/bin/sh\\n' > etc/passwd
printf 'root:$1$abc$def:0:::::\\n' > etc/shadow; chmod 600 etc/shadow
: > etc/empty
head -c 3000000 /dev/urandom > usr/lib/noise
cat /bin/ls /bin/bash /usr/bin/perl > usr/lib/program; chmod 755 usr/lib/program
seq 1 60000 > usr/lib/numbers
truncate -s 1500000 usr/lib/hole; printf end >> usr/lib/hole
head -c 700000 /dev/zero > usr/lib/zeros
cp /bin/ls bin/tool; chmod 4755 bin/tool; ln bin/tool bin/hard; ln -s tool bin/soft; ln -s /etc/passwd etc/absolute
ln -s "$(printf 'x%.0s' $(seq 1 200))" etc/longlink
printf 'umlaut' > "etc/\u00fcber.txt"
printf deep > deep/a/b/c/d/e/f/file
ln -P bin/soft bin/soft-too
touch -d '2001-09-09 01:46:40 UTC' etc/passwd; touch -d '2030-06-15 UTC' etc; touch -h -d '2010-01-01 UTC' etc/absolute
for i in $(seq 1 ${files}); do echo "file $i" > many/file-with-a-rather-long-name-$i.txt; done
mkfifo dev/fifo; ln dev/fifo dev/fifo-too
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("dev/socket")'
if [ "$(id -u)" = 0 ]; then
  mknod dev/console c 5 1; mknod dev/sda1 b 8 1; mknod dev/big c 260 300 2>/dev/null || true
  chown 1000:100 etc/shadow; chown -h 33:33 bin/soft; chmod 1777 var/empty
fi`;
  const made = spawnSync('bash', ['-c', script, 'bash', directory], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
}

/** Gives a tree of `makeTree` attributes of every kind that a program may set here; as root also capabilities. */
export function addXattrs(directory: string): void {
  tool(
    'bash',
    '-ec',
    `cd "$1"
setfattr -n user.plain -v value etc/passwd
setfattr -n user.bytes -v 0x00ff80 etc/passwd
setfattr -n user.empty etc/shadow
setfattr -n user.shared -v 'the same in several files' bin/tool
setfattr -n user.shared -v 'the same in several files' usr/lib/numbers
setfattr -n user.shared -v 'the same in several files' etc
setfattr -n user.long -v "$(head -c 700 /dev/zero | tr '\\0' y)" usr/lib/program
if [ "$(id -u)" = 0 ]; then
  setfattr -n trusted.overlay.opaque -v y var/empty
  setfattr -h -n security.selinux -v 'system_u:object_r:bin_t:s0' bin/soft
  setfattr -n security.selinux -v 'system_u:object_r:etc_t:s0' etc/init.d
  setcap cap_net_raw,cap_net_bind_service=ep usr/lib/program
fi`,
    'bash',
    directory,
  );
}

/** Runs a tool; throws with what it said when it fails. */
export function tool(command: string, ...args: readonly string[]): string {
  const ran = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  if (ran.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${ran.stderr}${ran.stdout}`);
  return ran.stdout;
}
