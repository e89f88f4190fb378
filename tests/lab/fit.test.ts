/** FIT images of mkimage: assay beside `openssl dgst -verify` over the region that a script of its own writes out. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTrustedKeys } from '../../src/cli/trusted-key.ts';
import { judge } from '../support/updates.ts';

const HERE = ['mkimage', 'dtc', 'fdtput', 'openssl', 'python3'].every(
  (tool) => spawnSync('which', [tool]).status === 0,
);
const SCRIPT = resolve('tests/lab/fit-region.py');
let folder = '';
const at = (name: string): string => join(folder, name);
const run = (tool: string, ...args: readonly string[]): boolean =>
  spawnSync(tool, args, { cwd: folder, stdio: 'ignore' }).status === 0;

const source = (configurations: string): string => `/dts-v1/; / { description = "Board"; #address-cells = <1>;
 images {
  kernel-1 { data = /incbin/("kernel"); type = "kernel"; arch = "arm64"; os = "linux"; compression = "none"; load = <0x80000>; entry = <0x80000>; hash-1 { algo = "sha256"; }; };
  fdt-1 { data = /incbin/("board.dtb"); type = "flat_dt"; arch = "arm64"; compression = "none"; hash-1 { algo = "sha256"; }; };
 };
 configurations { default = "conf-1"; ${configurations} };
};`;
const SIGNED = (key: string, padding = ''): string =>
  `signature-${key} { algo = "sha256,rsa2048"; key-name-hint = "${key}"; ${padding} sign-images = "kernel", "fdt"; };`;
const conf = (inner: string, name = 'conf-1'): string => `${name} { kernel = "kernel-1"; fdt = "fdt-1"; ${inner} };`;

/** Builds NAME.itb and NAME.dtb, the control tree that mkimage filled. */
function make(name: string, configurations: string, options: readonly string[] = []): void {
  writeFileSync(at(`${name}.its`), source(configurations));
  writeFileSync(at(`${name}.dtb`), readFileSync(at('board.dtb')));
  expect(run('mkimage', '-f', `${name}.its`, ...options, `${name}.itb`)).toBe(true);
  expect(run('mkimage', '-F', '-k', 'keys', '-K', `${name}.dtb`, '-r', `${name}.itb`)).toBe(true);
}

beforeAll(() => {
  if (!HERE) return;
  folder = mkdtempSync(join(tmpdir(), 'assay-fit-'));
  execFileSync('mkdir', ['keys'], { cwd: folder });
  for (const key of ['dev', 'two']) {
    run('openssl', 'genpkey', '-algorithm', 'RSA', '-out', `keys/${key}.key`, '-pkeyopt', 'rsa_keygen_bits:2048');
    run('openssl', 'req', '-x509', '-new', '-key', `keys/${key}.key`, '-out', `keys/${key}.crt`, '-subj', `/CN=${key}`);
    run('openssl', 'rsa', '-in', `keys/${key}.key`, '-pubout', '-out', `${key}.pub`);
  }
  writeFileSync(at('kernel'), Buffer.alloc(3000, 'kernel'));
  writeFileSync(at('board.dts'), '/dts-v1/; / { compatible = "x"; };');
  run('dtc', '-O', 'dtb', '-p', '4096', '-o', 'board.dtb', 'board.dts');
  make('good', conf(SIGNED('dev')));
  make('pss', conf(SIGNED('dev', 'padding = "pss";')));
  make('external', conf(SIGNED('dev')), ['-E']);
  make('both', conf(SIGNED('dev') + SIGNED('two')));
  make('partly', conf(SIGNED('dev')) + conf('', 'conf-2'));
  make('other', conf(SIGNED('two')));
  writeFileSync(at('unsigned.its'), source(conf('')));
  run('mkimage', '-f', 'unsigned.its', 'unsigned.itb');
}, 120_000);
afterAll(() => {
  if (HERE) rmSync(folder, { recursive: true });
});

/** openssl's word on the signature of conf-1 over the region; nothing of the image data. */
function theirs(name: string, key: string, pss = false): boolean {
  if (!run('python3', SCRIPT, name, 'conf-1', 'region', 'value')) return false;
  const padding = pss ? ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-2'] : [];
  return run('openssl', 'dgst', '-sha256', '-verify', key, ...padding, '-signature', 'value', 'region');
}
const ours = (name: string, key: string) => judge(readFileSync(at(name)), { keys: readTrustedKeys(at(key)) });

describe.skipIf(!HERE)('openssl dgst -verify', () => {
  test.each([
    ['good.itb', 'dev.pub', 0],
    ['good.itb', 'good.dtb', 0],
    ['external.itb', 'external.dtb', 0],
    ['good.itb', 'two.pub', 1],
    ['good.itb', 'other.dtb', 1],
    ['other.itb', 'dev.pub', 1],
    ['both.itb', 'dev.pub', 0],
  ] as const)('agrees on %s by %s', async (name, key, code) => {
    expect((await ours(name, key)).code).toBe(code);
    const publicKey = key === 'two.pub' || key === 'other.dtb' ? 'two.pub' : 'dev.pub';
    expect(theirs(name, publicKey)).toBe(code === 0);
  });

  test('agrees on PSS', async () => {
    expect([(await ours('pss.itb', 'pss.dtb')).code, theirs('pss.itb', 'dev.pub', true)]).toEqual([0, true]);
    expect(theirs('pss.itb', 'dev.pub')).toBe(false);
  });

  test('agrees on every byte changed of the tree: never laxer', async () => {
    const bytes = readFileSync(at('good.itb'));
    const board = readFileSync(at('board.dtb'));
    const data = [
      { start: bytes.indexOf(Buffer.alloc(600, 'kernel')), size: 3000 },
      { start: bytes.indexOf(board), size: board.length },
    ];
    let [same, stricter] = [0, 0];
    for (let place = 0; place < bytes.length; place += 31) {
      // The data is bound by its hash, which openssl does not look at.
      if (data.some(({ start, size }) => place >= start && place < start + size)) continue;
      const changed = Buffer.from(bytes);
      changed[place]! ^= 1;
      writeFileSync(at('changed.itb'), changed);
      const we = (await judge(changed, { keys: readTrustedKeys(at('dev.pub')) })).code === 0;
      const they = theirs('changed.itb', 'dev.pub');
      expect(we && !they, `byte ${place}`).toBe(false);
      if (we === they) same += 1;
      else stricter += 1;
    }
    expect(same).toBeGreaterThan(20);
    expect(stricter).toBeLessThan(same);
  }, 120_000);

  test('cut off, unsigned, and a second configuration that is not signed are told', async () => {
    const bytes = readFileSync(at('good.itb'));
    expect((await judge(bytes.subarray(0, bytes.length - 40), { keys: readTrustedKeys(at('dev.pub')) })).code).not.toBe(
      0,
    );
    expect(await ours('unsigned.itb', 'good.dtb')).toMatchObject({ code: 1, word: 'unsigned' });
    expect((await ours('partly.itb', 'partly.dtb')).code).toBe(1);
    expect(theirs('partly.itb', 'dev.pub')).toBe(true);
  });

  test('a control tree that demands two keys is met by both, and by any where it says so', async () => {
    expect((await ours('both.itb', 'both.dtb')).code).toBe(0);
    const one = await ours('good.itb', 'both.dtb');
    expect(one.verdicts[0]!.broken).toEqual([`${at('both.dtb')}#key-two is demanded of conf-1 and did not sign it`]);
    expect(one.code).toBe(1);
    run('fdtput', '-t', 's', 'both.dtb', '/signature', 'required-mode', 'any');
    expect((await ours('good.itb', 'both.dtb')).code).toBe(0);
  });

  test('a control tree that demands nothing is told', async () => {
    writeFileSync(at('lax.dtb'), readFileSync(at('good.dtb')));
    expect(run('fdtput', '-d', 'lax.dtb', '/signature/key-dev', 'required')).toBe(true);
    const { verdicts } = await ours('good.itb', 'lax.dtb');
    expect(verdicts[0]!.notes.join()).toMatch(/demands no signature/);
  });

  test('a signature that leaves out names, a hash of an image, or the data is not whole', async () => {
    const spoil = (what: string, from: string, to: string): Buffer => {
      const bytes = readFileSync(at('good.itb'));
      const place = bytes.indexOf(from);
      expect(place, what).toBeGreaterThan(0);
      bytes.write(to, place, 'latin1');
      return bytes;
    };
    const keys = readTrustedKeys(at('dev.pub'));
    const weak = spoil('algorithm', 'sha256,rsa2048', 'sha1,rsa2048\0\0');
    expect((await judge(weak, { keys })).code).toBe(1);
    const unlisted = spoil('hashed-nodes', '/images/kernel-1/hash-1', '/images/kernel-1/hash-9');
    expect((await judge(unlisted, { keys })).code).toBe(1);
  });
});
