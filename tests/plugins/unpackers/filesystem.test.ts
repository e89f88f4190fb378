/** Every file system made by its own tool is found where it lies, read as it is, and met without harm when it is broken. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Unpacker } from '../../../src/core/model/unpacker.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';
import { FaultError } from '../../../src/lib/fault.ts';
import * as unpackers from '../../../src/plugins/unpackers/index.ts';
import { type Taken, unpackAlone } from '../../support/sink.ts';
import { damaged, seeded } from '../../support/streams.ts';

const FOLDER = 'fixtures/unpackers/filesystem';
const FORMATS: { readonly [ending: string]: Unpacker } = {
  squashfs: unpackers.squashfs,
  jffs2: unpackers.jffs2,
  cramfs: unpackers.cramfs,
  romfs: unpackers.romfs,
  ext2: unpackers.ext,
  ext4: unpackers.ext,
  erofs: unpackers.erofs,
  fat: unpackers.fat,
};

interface Expected {
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly target?: string;
  readonly sha256?: string;
  readonly device?: readonly [number, number];
}
const expected = JSON.parse(readFileSync(`${FOLDER}/expected.json`, 'utf8')) as { readonly [name: string]: Expected };
const images = readdirSync(FOLDER).filter((name) => (name.split('.').at(-1) ?? '') in FORMATS);

/** What the format keeps: RomFS and FAT know no owners. */
function said(name: string, one: Taken | undefined, like: Expected): object {
  const plain = /romfs|fat/.test(name);
  return {
    ...(plain || like.target !== undefined ? {} : { mode: one?.mode }),
    ...(plain ? {} : { uid: one?.uid, gid: one?.gid }),
    ...(like.target === undefined ? {} : { target: one?.target }),
    ...(like.sha256 === undefined ? {} : { sha256: one?.sha256 }),
    ...(like.device === undefined ? {} : { device: [one?.device?.major, one?.device?.minor] }),
  };
}

test('there is an image of every kind', () => {
  expect(images.length).toBe(16);
});

describe.each(images)('%s', (name) => {
  const bytes = readFileSync(`${FOLDER}/${name}`);
  const format = FORMATS[name.split('.').at(-1)!]!;

  test('is found amid other bytes, with its exact end', () => {
    const blob = memoryBlob(Buffer.concat([Buffer.alloc(512, 0x55), bytes, Buffer.alloc(4096, 0xff)]));
    const extent = format.locate(blob, 512);
    expect(extent?.start).toBe(512);
    expect(extent!.end).toBeLessThanOrEqual(512 + bytes.length);
    // What is beyond the end is padding of the tool's.
    expect(new Set(bytes.subarray(extent!.end - 512)).size).toBeLessThanOrEqual(1);
  });

  test('is read as its tool wrote it', async () => {
    const { entries, broken } = await unpackAlone(format, memoryBlob(bytes));
    expect(broken).toEqual([]);
    const names = name.endsWith('fat') ? ['/etc/passwd', '/etc/numbers'] : Object.keys(expected);
    for (const path of names) {
      const like = expected[path]!;
      const one = entries.get(name.endsWith('fat') ? path.replace('/etc', '') : path);
      const same = {
        mode: Number.parseInt(like.mode, 8) & 0o7777,
        uid: like.uid,
        gid: like.gid,
        target: like.target,
        sha256: like.sha256,
        device: like.device && { major: like.device[0], minor: like.device[1] },
      };
      expect({ path, ...said(name, one, like) }).toEqual({ path, ...said(name, { type: '', ...same } as Taken, like) });
    }
  });

  test('meets 80 damaged copies with entries or a fault', async () => {
    const random = seeded(bytes.length);
    for (let i = 0; i < 80; i += 1) {
      const blob = memoryBlob(damaged(bytes, random));
      try {
        format.locate(blob, 0);
        await unpackAlone(format, blob);
      } catch (thrown) {
        if (!(thrown instanceof FaultError)) throw thrown;
        expect(thrown.fault.kind).not.toBe('bug');
      }
    }
  });
});
