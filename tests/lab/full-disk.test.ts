/** Proves that a machine without room ends a run with words: nothing of it is a bug of assay, a pass or a stack. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const ASSAY = resolve('bin', 'assay.js');
const IMAGE = resolve('fixtures/demo/insecure.bin');
const room = mkdtempSync(join(tmpdir(), 'assay-room-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));

/** Runs a line of shell in a mount namespace of its own, in which `room` has `size` bytes. */
const within = (size: string, line: string) =>
  spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', `mount -t tmpfs -o size=${size} none "$1" && ${line}`, 'sh', room, ASSAY, IMAGE],
    {
      encoding: 'utf8',
    },
  );
const able = within('64k', 'true').status === 0;

test.each([
  ['a report', 'scan', IMAGE],
  ['a list', 'list', 'facts'],
])('%s that the standard output has no room for ends with 2, and in one line', (_, ...words) => {
  const { status, stderr } = spawnSync('sh', ['-c', '"$0" "$@" >/dev/full', ASSAY, ...words], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr.match(/what was to be printed cannot be written: the disk is full/g)).toHaveLength(1);
  expect(stderr).not.toMatch(/\n\s+at |node:internal/);
});

describe.skipIf(!able)('on a disk that is full', () => {
  test('what is not unpacked for it is a gap, and no bug', () => {
    const { status, stdout, stderr } = within('4k', 'TMPDIR="$1" "$2" scan "$3"');
    expect(stdout).toContain('the disk of this machine is full');
    expect(stdout).not.toMatch(/Errors of assay|\berror\b/);
    expect(stderr).toMatch(/^exit code [13]: /m);
    expect([1, 3]).toContain(status);
  });
  test.each([
    ['a dossier', '--out "$1/d"', /d\/\S+: the dossier cannot be written: the disk is full/],
    ['a report', '--report json="$1/j"', /j: the report cannot be written: the disk is full/],
  ])('%s is a mistake of the command', (_, options, words) => {
    const { status, stderr } = within('16k', `"$2" scan "$3" ${options}`);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/\n\s+at |a bug in assay/);
    expect(status).toBe(2);
  });
  test('files of an image are a mistake of the command', () => {
    const { status, stderr } = within('16k', '"$2" unpack "$3" --out "$1/x"');
    expect(stderr).toMatch(/x: it cannot be written: the disk is full/);
    expect(status).toBe(2);
  });
});

test('without a folder for temporary files nothing was seen, and the demo says what is missing', () => {
  const env = { ...process.env, TMPDIR: join(room, 'nowhere') };
  const scan = spawnSync(ASSAY, ['scan', IMAGE], { encoding: 'utf8', env });
  expect(scan.status).toBe(3);
  expect(scan.stdout).toContain('no folder for temporary files can be made: TMPDIR (ENOENT)');
  const demo = spawnSync(ASSAY, ['demo'], { encoding: 'utf8', env });
  expect(demo.status).toBe(2);
  expect(demo.stderr).toMatch(/nowhere: no folder can be made in it: there is no such folder/);
});
