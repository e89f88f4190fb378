/** Signatures of SSH and Sigstore beside a file, payloads within zips, packed indices, and pools of apt. */
import { sign, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { verifyCode } from '../../../src/core/updates/exit.ts';
import { verifyArtefact } from '../../../src/core/updates/verify.ts';
import { openBlob } from '../../../src/lib/blob.ts';
import * as verifiers from '../../../src/plugins/verifiers/index.ts';
import { usign, usignKey } from '../../support/openwrt.ts';
import { ecPair, edPair, filler, rsaPair } from '../../support/signers.ts';
import { payloadFile } from '../../support/signers-android.ts';
import { certificate } from '../../support/signers-cms.ts';
import { indexOf, pgpSigner, releaseOf } from '../../support/signers-feed.ts';
import { sshPublic, sshSigned } from '../../support/signers-ssh.ts';
import { flipped, judge } from '../../support/updates.ts';
import { storedZip } from '../../support/zip.ts';

const file = filler(900);
const ed = edPair();

describe('an SSH signature', () => {
  const keys = [sshPublic(ed)];
  test('is verified by the public key file, and by the same key in another form; its name space is told', async () => {
    for (const trusted of [keys, [ed.trusted]]) {
      const { code, verdicts } = await judge(file, { keys: trusted, companions: { '.sig': sshSigned(file, ed) } });
      expect(code).toBe(0);
      expect(verdicts[0]!.signatures[0]!.message).toContain('name space "file"');
    }
    expect((await judge(file, { companions: { '.sig': sshSigned(file, ed) } })).code).toBe(3);
  });
  test.each<readonly [string, Buffer]>([
    ['a stranger’s', sshSigned(file, edPair())],
    ['of another file', sshSigned(filler(901), ed)],
    ['without a name space', sshSigned(file, ed, { space: '' })],
    ['over a digest that is not taken', sshSigned(file, ed, { hash: 'sha1' })],
    ['with zeros for a signature', sshSigned(file, ed, { forged: Buffer.alloc(64) })],
    ['that is longer', sshSigned(file, ed, { forged: Buffer.concat([sign(null, file, ed.secret), Buffer.alloc(1)]) })],
  ])('%s is not verified', async (_what, signature) => {
    expect((await judge(file, { keys, companions: { '.sig': signature } })).code).toBe(1);
  });
});

describe('a bundle of Sigstore', () => {
  const pair = ecPair();
  const made = certificate('workflow', pair);
  const signature = sign('sha256', file, pair.secret).toString('base64');
  const bundles = [
    { messageSignature: { signature }, verificationMaterial: { publicKey: { hint: 'x' } } },
    {
      messageSignature: { signature },
      verificationMaterial: { certificate: { rawBytes: made.bytes.toString('base64') } },
    },
    { base64Signature: signature, cert: new X509Certificate(made.bytes).toString() },
    { base64Signature: signature, cert: Buffer.from(new X509Certificate(made.bytes).toString()).toString('base64') },
  ];
  test.each(bundles.map((one) => [JSON.stringify(one)]))('is verified by the key: %.60s', async (text) => {
    const companions = { '.sigstore.json': Buffer.from(text) };
    expect((await judge(file, { keys: [pair.trusted], companions })).code).toBe(0);
    expect((await judge(file, { companions })).code).toBe(3);
    expect((await judge(file, { keys: [ecPair().trusted], companions })).code).toBe(1);
    expect((await judge(flipped(file, 5), { keys: [pair.trusted], companions })).code).toBe(1);
  });
});

describe('an A/B payload within a zip', () => {
  const rsa = rsaPair();
  const zipOf = (payload: Buffer): Buffer =>
    storedZip([
      { name: 'payload.bin', content: payload },
      { name: 'payload_properties.txt', content: 'FILE_HASH=x\n' },
    ]);
  test('is verified where it lies, and what is around it is covered by nothing', async () => {
    const bytes = zipOf(payloadFile(rsa));
    const { verdicts, code, word } = await judge(bytes, { keys: [rsa.trusted] });
    expect(verdicts.map(({ format }) => format)).toEqual(['android-ota']);
    expect(word).toBe('verified');
    expect(verdicts[0]!.uncovered.map(({ what }) => what)).toEqual(['payload_properties.txt']);
    expect(code).toBe(1);
    const { start, end } = verdicts[0]!.covered[0]!;
    expect(bytes.toString('latin1', start, start + 4)).toBe('CrAU');
    for (const at of [start, start + 30, end - 1])
      expect((await judge(flipped(bytes, at), { keys: [rsa.trusted] })).word).not.toBe('verified');
  });
  test('that is not signed leaves the archive unsigned', async () => {
    const payload = payloadFile(rsa, { metadataSigned: false, payloadSigned: false });
    expect(await judge(zipOf(payload), { keys: [rsa.trusted] })).toMatchObject({ word: 'unsigned', code: 1 });
  });
});

describe('packed indices', () => {
  const key = usignKey();
  const packages = [
    { name: 'first', bytes: filler(700) },
    { name: 'second', bytes: filler(900) },
  ];
  const index = indexOf(packages);
  const packed = gzipSync(index);
  const ask = { name: 'Packages.gz', keys: [key.trusted] };
  const siblings = { 'Packages.sig': Buffer.from(usign(key, index)), 'first.ipk': packages[0]!.bytes };

  test('of opkg are verified by the signature of what is in them, and no byte of the packing counts as covered', async () => {
    const { code, verdicts } = await judge(packed, { ...ask, siblings });
    expect(code).toBe(0);
    expect(verdicts[0]).toMatchObject({ format: 'packages', covered: [], uncovered: [] });
    expect((await judge(gzipSync(flipped(index, 10, 1)), { ...ask, siblings })).code).toBe(1);
    expect((await judge(packed, ask)).word).toBe('unsigned');
    const other = { ...siblings, 'first.ipk': filler(701) };
    expect((await judge(packed, { ...ask, siblings: other })).word).toBe('broken');
  });

  test('of apt are opened and their packages compared, in the pool above the suite too', async () => {
    const pgp = await pgpSigner();
    const pooled = Buffer.from(index.toString().replaceAll(/Filename: (\S+)/g, 'Filename: pool/main/$1'));
    const listed = gzipSync(pooled);
    const text = Buffer.from(await pgp.cleartext(releaseOf([{ path: 'main/binary-all/Packages.gz', bytes: listed }])));
    const folder = mkdtempSync(join(tmpdir(), 'assay-pool-'));
    const put = (path: string, bytes: Uint8Array): string => {
      const place = join(folder, path);
      mkdirSync(join(place, '..'), { recursive: true });
      writeFileSync(place, bytes);
      return place;
    };
    const ask = async (): Promise<readonly [number, readonly string[], readonly string[]]> => {
      const blob = openBlob(place);
      const verdicts = await verifyArtefact(Object.values(verifiers), blob, place, {
        settings: { keys: [pgp.trusted], now: '2026-07-01T00:00:00Z' },
        sampleKeys: {},
      });
      blob.close();
      return [verifyCode(verdicts), verdicts[0]!.broken, verdicts[0]!.notes];
    };
    const place = put('dists/stable/InRelease', text);
    put('dists/stable/main/binary-all/Packages.gz', listed);
    put('pool/main/first.ipk', packages[0]!.bytes);
    expect(await ask()).toMatchObject([
      0,
      [],
      [expect.anything(), expect.stringMatching(/2 packages .* 1 here and as named/)],
    ]);
    put('pool/main/second.ipk', filler(1));
    expect(await ask()).toMatchObject([
      1,
      ['pool/main/second.ipk is not the file that the index names'],
      expect.anything(),
    ]);
    put('dists/stable/main/binary-all/Packages.gz', gzipSync('x'));
    expect((await ask())[0]).toBe(1);
    rmSync(folder, { recursive: true });
  });
});

test.each([
  ['a signature of the maker', 256, 'signer-unknown', 3],
  ['none', 0, 'unsigned', 1],
])('a Xiaomi router image with %s is told as such', async (_what, size, word, code) => {
  const blob = Buffer.concat([Buffer.alloc(48), filler(500)]);
  blob.writeUInt32LE(0xbabe, 0);
  blob.writeUInt32LE(500, 8);
  const head = Buffer.alloc(48);
  head.write('HDR1');
  head.writeUInt32LE(48 + blob.length, 4);
  head.writeUInt32LE(48, 16);
  const block = Buffer.alloc(16 + size, 7).fill(0, 0, 16);
  block.writeUInt32LE(size, 0);
  const bytes = Buffer.concat([head, blob, block]);
  const { crc32 } = await import('node:zlib');
  bytes.writeUInt32LE(~crc32(bytes.subarray(12)) >>> 0, 8);
  const judged = await judge(bytes);
  expect(judged).toMatchObject({ word, code, verdicts: [{ format: 'xiaomi-hdr', integrity: [{ holds: true }] }] });
  if (size > 0) expect((await judge(bytes.subarray(0, -1))).verdicts[0]!.faults).toMatchObject([{ kind: 'truncated' }]);
});

test('a key of OpenPGP that has ended verifies what says that it is older, as gpg has it, and nothing for apt', async () => {
  const pgp = await pgpSigner(30);
  const text = Buffer.from('a firmware');
  const companions = { '.asc': Buffer.from(await pgp.detached(text)) };
  const then = { keys: [pgp.trusted], now: '2026-01-20T00:00:00Z' };
  expect((await judge(text, { ...then, companions })).verdicts[0]!.signatures[0]).not.toHaveProperty('keyExpired');
  const later = await judge(text, { keys: [pgp.trusted], companions });
  expect(later.word).toBe('verified');
  expect(later.verdicts[0]!.signatures[0]!.message).toContain('ended on 2026-01-31');
  const release = releaseOf([{ path: 'main/Contents', bytes: text }]);
  const signed = Buffer.from(await pgp.cleartext(release));
  expect((await judge(signed, { ...then, name: 'InRelease' })).code).toBe(0);
  expect(await judge(signed, { keys: [pgp.trusted], name: 'InRelease' })).toMatchObject({ code: 1, word: 'refused' });
});
