/** Keys that loaders are built with, beside keys that are somebody else's. */
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { updatesLoaderKeys } from '../../../../src/plugins/analyzers/updates/loader-keys.ts';
import { analyze } from '../../../support/analyze.ts';
import { controlTree } from '../../../support/fdt.ts';
import { avbPartition, ecPair, edPair, filler, mcubootImage, type Pair, rsaPair } from '../../../support/signers.ts';
import { certificate } from '../../../support/signers-cms.ts';

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const told = async (name: string, content: Uint8Array) =>
  (await analyze([updatesLoaderKeys], { [name]: content }))
    .of('update.trusted-key')
    .map((one) => `${one['tool']} ${one['fingerprint']}`);

/** As `avbtool extract_public_key` writes a key. */
function avbKey(pair: Pair): Buffer {
  const n = Buffer.from(createPublicKey(pair.secret).export({ format: 'jwk' }).n ?? '', 'base64url');
  const modulus = BigInt(`0x${n.toString('hex')}`);
  const bits = n.length * 8;
  let inverse = 1n;
  for (let turn = 0; turn < 6; turn++) inverse = BigInt.asUintN(32, inverse * (2n - modulus * inverse));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(bits, 0);
  head.writeUInt32BE(Number(BigInt.asUintN(32, -inverse)), 4);
  const square = ((1n << BigInt(2 * bits)) % modulus).toString(16).padStart(bits / 4, '0');
  return Buffer.concat([head, n, Buffer.from(square, 'hex')]);
}

test('the key of libavb in a loader, and the one that is burnt into a device', async () => {
  const [pair, large] = [rsaPair(), rsaPair(4096)];
  const loader = Buffer.concat([filler(5001), avbKey(pair), filler(333), avbKey(large)]);
  expect(await told('/boot/u-boot.bin', loader)).toEqual([`avb ${sha(pair.spki)}`, `avb ${sha(large.spki)}`]);
  expect(await told('/boot/avb_pkmd.bin', avbKey(pair))).toEqual([`avb ${sha(pair.spki)}`]);
  const broken = avbKey(pair);
  broken[300]! ^= 1;
  expect(await told('/boot/u-boot.bin', broken)).toEqual([]);
});

test('the key within a vbmeta is the one that signed it, and trusted by nobody for that', async () => {
  expect(await told('/boot/u-boot.bin', Buffer.concat([filler(64), avbPartition(rsaPair())]))).toEqual([]);
});

const TRAILER = Buffer.from('77c295f360d2ef7f3552500f2cb679803db8f396', 'hex');
const pkcs1 = (pair: Pair): Buffer => createPublicKey(pair.secret).export({ format: 'der', type: 'pkcs1' });
const loader = (...parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat([filler(700), TRAILER, ...parts.flatMap((part) => [part, filler(9)])]);

test('keys that a MCUboot is built with, and none of the image behind it', async () => {
  const [rsa, ec, ed] = [rsaPair(), ecPair(), edPair()];
  const built = loader(pkcs1(rsa), ec.spki, ed.spki);
  const expected = [rsa, ec, ed].map(({ spki }) => `mcuboot ${sha(spki)}`);
  expect(await told('/boot/mcuboot.bin', built)).toEqual(expected);
  const flash = Buffer.concat([built, mcubootImage(ec), ecPair().spki]);
  expect(await told('/boot/mcuboot.bin', flash)).toEqual(expected);
});

test('keys in certificates are those of servers, and a program without the loader’s marks is none', async () => {
  const authority = certificate('authority', rsaPair(), { authority: true });
  const server = certificate('server', ecPair(), { by: authority });
  expect(await told('/boot/mcuboot.bin', loader(authority.bytes, server.bytes, rsaPair().spki))).toEqual([]);
  expect(await told('/boot/mcuboot.bin', Buffer.concat([filler(700), ecPair().spki]))).toEqual([]);
});

test('the published key that MCUboot comes with is named', async () => {
  const { keys } = parse(readFileSync('baselines/knowledge/sample-keys.yaml', 'utf8')) as {
    keys: { name: string; spki: string }[];
  };
  const sample = keys.find(({ name }) => name.includes('root-ec-p256'))!;
  const { of } = await analyze([updatesLoaderKeys], {
    '/boot/mcuboot.bin': loader(Buffer.from(sample.spki, 'base64')),
  });
  expect(of('update.trusted-key')).toMatchObject([{ tool: 'mcuboot', sampleKey: sample.name }]);
});

test('keys of U-Boot lie in its control device tree, in a file of its own or behind the program', async () => {
  const pair = rsaPair();
  const tree = controlTree([{ name: 'key-dev', pair, required: 'conf' }]);
  const expected = [`u-boot ${sha(pair.spki)}`];
  expect(await told('/boot/u-boot.dtb', tree)).toEqual(expected);
  expect(await told('/boot/u-boot-dtb.bin', Buffer.concat([filler(4096), tree]))).toEqual(expected);
  expect(await told('/boot/board.dtb', controlTree([]))).toEqual([]);
});
