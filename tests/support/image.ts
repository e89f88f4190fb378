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
  for (const entry of image.tree.entries()) {
    if (!entry.container.includes(within)) continue;
    const { type, device } = entry;
    const rest =
      type === 'file'
        ? `${entry.size} ${hashOf(image, entry)}`
        : type === 'symlink'
          ? `-> ${entry.target}`
          : device === undefined
            ? ''
            : `${device.major},${device.minor}`;
    found[entry.name] = line(LETTERS[type], entry.mode ?? 0, entry.uid ?? -1, entry.gid ?? -1, rest, what);
  }
  return found;
}

/** The same of a directory of this machine. */
export function listingOfDirectory(directory: string, what: What = {}): Listing {
  const found: Listing = {};
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
    found[name] = line(kind, stat.mode, stat.uid, stat.gid, rest, what);
    if (kind === 'd') for (const inner of readdirSync(path)) look(name === '/' ? `/${inner}` : `${name}/${inner}`);
  };
  look('/');
  return found;
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
for i in $(seq 1 ${files}); do echo "file $i" > many/file-with-a-rather-long-name-$i.txt; done
mkfifo dev/fifo
if [ "$(id -u)" = 0 ]; then
  mknod dev/console c 5 1; mknod dev/sda1 b 8 1; mknod dev/big c 260 300 2>/dev/null || true
  chown 1000:100 etc/shadow; chown -h 33:33 bin/soft; chmod 1777 var/empty
fi`;
  const made = spawnSync('bash', ['-c', script, 'bash', directory], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
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
