/** Two dossiers side by side: what changed in the product's files, components, services, accounts and keys, and what was not looked for in both. */
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProductDifference } from '../../src/cli/product-diff.ts';
import { assay, desk } from '../support/cli.ts';

const on = desk();
afterAll(on.clear);

const put = (root: string, name: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
  chmodSync(join(root, name), mode);
};
const gather = async (image: string, out: string): Promise<string> => {
  const said = await assay(['gather', image, '--out', on.path(out), '--crack-seconds', '0', '--quiet']);
  expect(said.code, said.err).toBeLessThan(4);
  return on.path(out);
};

const BASELINE = ['--baseline', 'uk-psti'];
let old = '';
let fresh = '';
beforeAll(async () => {
  const root = on.path('rootfs-1.0');
  put(root, 'etc/passwd', 'root:x:0:0::/root:/bin/sh\n');
  put(root, 'etc/os-release', 'NAME=House\nVERSION_ID=1.0\n');
  put(root, 'etc/inittab', '::respawn:/usr/sbin/telnetd -F\n');
  put(root, 'bin/su', 'su', 0o755);
  put(root, 'bin/ping', 'ping', 0o4755);
  put(root, 'usr/lib/libhouse.so.1', 'the very same bytes');
  symlinkSync('busybox', join(root, 'bin/sh'));
  const next = on.path('rootfs-1.1');
  cpSync(root, next, { recursive: true, verbatimSymlinks: true });
  put(next, 'etc/passwd', 'root:x:0:0::/root:/bin/sh\nguest:x:1000:1000::/:/bin/sh\n');
  put(next, 'etc/inittab', '::respawn:/usr/sbin/dropbear -F\n');
  chmodSync(join(next, 'bin/su'), 0o4755);
  chmodSync(join(next, 'bin/ping'), 0o755);
  renameSync(join(next, 'usr/lib/libhouse.so.1'), join(next, 'usr/lib/libhouse.so.2'));
  rmSync(join(next, 'bin/sh'));
  symlinkSync('dash', join(next, 'bin/sh'));
  put(next, 'bin/new', 'new', 0o755);
  old = await gather(root, 'old');
  fresh = await gather(next, 'fresh');
  // Loads what a comparison needs, which takes longer than a comparison.
  await assay(['diff', old, old, '--json', ...BASELINE]);
}, 180_000);

const productOf = async (a: string, b: string): Promise<ProductDifference> => {
  const said = await assay(['diff', a, b, '--json', ...BASELINE]);
  return (JSON.parse(said.out) as { product: ProductDifference }).product;
};

test('files are told by what changed about them', async () => {
  const { files } = await productOf(old, fresh);
  const changed = new Map(files?.changed.map(({ path, what }) => [path, what]));
  expect(changed.get('/etc/passwd')).toEqual(['content']);
  expect(changed.get('/bin/su')).toEqual(['mode 0755 → 4755']);
  expect(changed.get('/bin/sh')).toEqual(['target busybox → dash']);
  expect(files?.added).toEqual(['/bin/new']);
  expect(files?.removed).toEqual([]);
  expect(files?.moved.map(({ from, to }) => [from, to])).toEqual([
    ['/usr/lib/libhouse.so.1', '/usr/lib/libhouse.so.2'],
  ]);
  expect(files?.setuid.appeared).toEqual(['/bin/su']);
  expect(files?.setuid.gone).toEqual(['/bin/ping']);
});

test('accounts and services are told by name', async () => {
  const { things } = await productOf(old, fresh);
  const of = (wanted: string) => things.find(({ kind }) => kind === wanted);
  expect(of('Accounts')?.appeared.join()).toContain('guest in /etc/passwd: uid 1000, shell /bin/sh');
  expect(of('Services that start')).toMatchObject({
    appeared: [expect.stringContaining('dropbear by /etc/inittab')],
    gone: [expect.stringContaining('telnetd by /etc/inittab')],
  });
});

test('the same dossier twice has no change, and the other way round every change is turned', async () => {
  const { files, things } = await productOf(old, old);
  expect([files?.added, files?.removed, files?.changed, files?.moved, things]).toEqual([[], [], [], [], []]);
  const back = (await productOf(fresh, old)).files;
  expect([back?.removed, back?.setuid.gone]).toEqual([['/bin/new'], ['/bin/su']]);
});

test('a person reads it in sections, in the terminal and in a comment', async () => {
  const text = (await assay(['diff', old, fresh, ...BASELINE])).out;
  expect(text).toMatch(/^Set-user-id and set-group-id programs \(2\)$/m);
  expect(text).toMatch(/^ {2}new {2}\/bin\/su$/m);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect((await assay(['diff', old, fresh, '--markdown', ...BASELINE])).out).toContain('### Files added (1)');
});

test('a control that fails no more is told apart from one that is lost from sight, and subjects of a check stand together', {
  timeout: 60_000,
}, async () => {
  const [bad, good] = [on.path('insecure'), on.path('hardened')];
  for (const folder of [bad, good])
    await assay([
      'gather',
      `fixtures/demo/${basename(folder)}.bin`,
      '--out',
      folder,
      '--quiet',
      '--crack-seconds',
      '0',
    ]);
  const baseline = ['--baseline', 'xiaomi-consumer-iot'];
  const mended = (await assay(['diff', bad, good, ...baseline])).out;
  expect(mended).toMatch(/^Fails no more, and is open now \(\d+\)$/m);
  expect(mended).toMatch(/^ {2}xiaomi-consumer-iot\/4\.2\.3: fail → open /m);
  expect(mended).not.toContain('Newly unknown');
  expect(mended).toMatch(/^0 controls worse, \d+ better, \d+ failing no more and open, 0 newly unknown$/m);
  expect(mended.match(/binaries\/no-executable-stack on/g)).toHaveLength(1);
  expect(mended).toContain('squashfs/usr/sbin/lighttpd and 2 more');
  expect(mended).toMatch(/^ {2}squashfs\/etc\/shadow: content$/m);
  for (const line of mended.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  const broken = (await assay(['diff', good, bad, ...baseline])).out;
  expect(broken).toMatch(/binaries\/no-executable-stack on .* and 2 more:\s+Its\s+stack\s+may\s+be\s+executed\./s);
});

test('what only one of the two looked for is no change, and is said', async () => {
  const declaration = on.file('declaration.yaml', 'product:\n  maker: House\n');
  const said = await assay(['gather', '--declaration', declaration, '--out', on.path('bare'), '--quiet']);
  expect(said.code, said.err).toBeLessThan(4);
  const { files, things } = await productOf(old, on.path('bare'));
  expect(files).toBeUndefined();
  for (const { appeared, gone, changed, note } of things) {
    expect([appeared, gone, changed]).toEqual([[], [], []]);
    expect(note).toContain('looked for in one of the two only');
  }
});

test('a list of files that was changed, or is none, is one line', async () => {
  const spoilt = on.path('spoilt');
  cpSync(fresh, spoilt, { recursive: true });
  writeFileSync(join(spoilt, 'files.jsonl'), '{"path":1}\n');
  const said = await assay(['diff', old, spoilt, ...BASELINE]);
  expect(said).toMatchObject({ code: 2, out: '' });
  expect(said.err).toContain('files.jsonl:1: it is no entry of an image');
});
