/** Unpacks files for tests with all unpackers, jobs run in this thread, and gives what is in them in plain lines. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { JOBS } from '../../src/codecs/jobs.ts';
import type { FileEntry } from '../../src/core/model/files.ts';
import { type UnpackedImage, type UnpackOptions, unpackImage } from '../../src/core/unpacking/unpack.ts';
import * as registry from '../../src/plugins/unpackers/index.ts';

/** Runs the built job in this thread. */
export async function job(name: string, input: unknown): Promise<unknown> {
  const url = JOBS[name];
  if (url === undefined) throw new Error(`no job ${name}`);
  const { run } = (await import(/* @vite-ignore */ url.href)) as { run(input: unknown): Promise<unknown> };
  return run(input);
}

export const unpackers = Object.values(registry);

export async function opened<T>(
  path: string,
  look: (image: UnpackedImage) => T | Promise<T>,
  options: Partial<UnpackOptions> = {},
): Promise<T> {
  const image = await unpackImage({ path, unpackers, job, ...options });
  try {
    return await look(image);
  } finally {
    image.dispose();
  }
}

export const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

/** One line an entry: type, mode, owner, size or target, hash; sorted. `kept`: what the format keeps. */
export function lineOf(
  entry: Pick<FileEntry, 'type' | 'mode' | 'uid' | 'gid' | 'sha256' | 'target' | 'device'> & { name: string },
  kept: Kept,
): string {
  const mode = kept.modes && entry.type !== 'symlink' ? `${(entry.mode ?? -1).toString(8)}` : '';
  const owner = kept.owners ? `${entry.uid}:${entry.gid}` : '';
  const device = entry.device === undefined ? '' : `${entry.device.major},${entry.device.minor}`;
  return [
    entry.name,
    entry.type,
    mode,
    owner,
    entry.type === 'file' ? entry.sha256 : '',
    entry.target ?? '',
    device,
  ].join(' ');
}

export interface Kept {
  readonly modes: boolean;
  readonly owners: boolean;
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** The lines of one container of the image. */
export function linesIn(image: UnpackedImage, container: string, kept: Kept): string[] {
  return [...image.tree.entries()]
    .filter((entry) => entry.container === container && entry.path !== `${container}/`)
    .map((entry) => lineOf({ ...entry, name: entry.path.slice(container.length) }, kept))
    .sort(byText);
}

/** Links are not followed, as `recursive` of Node would. */
function namesBelow(top: string, folder: string): string[] {
  return readdirSync(join(top, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? [name, ...namesBelow(top, name)] : [name];
  });
}

/** The lines of a folder of this machine, as `lstat` sees it. */
export function linesOnDisk(top: string, kept: Kept): string[] {
  return namesBelow(top, '')
    .map((name) => {
      const path = join(top, name);
      const stats = lstatSync(path);
      const type = stats.isDirectory()
        ? 'directory'
        : stats.isSymbolicLink()
          ? 'symlink'
          : stats.isFile()
            ? 'file'
            : stats.isCharacterDevice()
              ? 'character-device'
              : stats.isBlockDevice()
                ? 'block-device'
                : 'fifo';
      return lineOf(
        {
          name: `/${name}`,
          type,
          mode: stats.mode & 0o7777,
          uid: stats.uid,
          gid: stats.gid,
          ...(type === 'symlink' ? { target: readlinkSync(path) } : {}),
          ...(type === 'file' ? { sha256: createHash('sha256').update(readFileSync(path)).digest('hex') } : {}),
          ...(type.endsWith('device') ? { device: { major: stats.rdev >> 8, minor: stats.rdev & 0xff } } : {}),
        },
        kept,
      );
    })
    .sort(byText);
}

/** A small root file system with all that archives can hold; devices and owners only where the tests run as root. */
export function sampleTree(top: string): void {
  mkdirSync(top, { recursive: true });
  execFileSync(
    'sh',
    [
      '-ec',
      `cd "$1"; umask 022
mkdir -p etc/init.d bin usr/lib dev var/empty
printf 'root:x:0:0:root:/root:/bin/sh\\n' > etc/passwd
printf 'root:*:1:0:99999:7:::\\n' > etc/shadow; chmod 600 etc/shadow
printf '#!/bin/sh\\nexit 0\\n' > etc/init.d/rcS; chmod 755 etc/init.d/rcS
head -c 70000 /dev/zero | tr '\\0' x > bin/busybox; chmod 4755 bin/busybox
head -c 300000 /usr/bin/env > usr/lib/libx.so || true
ln -s busybox bin/sh; ln -s ../../bin/busybox usr/lib/up; ln -s /etc/passwd etc/absolute
ln bin/busybox bin/ash
: > etc/empty; printf 'x' > 'etc/name with spaces'; printf 'ü' > 'etc/ümlaut'
printf long > "usr/lib/$(printf 'l%.0s' $(seq 1 150))"
truncate -s 1M var/sparse; printf end >> var/sparse
if [ "$(id -u)" = 0 ]; then mknod dev/null c 1 3; mknod dev/mtdblock0 b 31 0; mkfifo dev/fifo; chown 1000:1001 etc/init.d/rcS; fi`,
      'sh',
      top,
    ],
    { stdio: 'pipe' },
  );
}
