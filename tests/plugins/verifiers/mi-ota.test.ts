/** Mijia over-the-air firmware: verified by root, issuer or signer, never after a change of what is signed. */
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { memoryBlob } from '../../../src/lib/blob.ts';
import { miOta as unpacker } from '../../../src/plugins/unpackers/image/mi-ota.ts';
import { KEY_USAGE, miOtaImage, party } from '../../support/mi-ota.ts';
import { flipped, judge } from '../../support/updates.ts';

const root = await party('root');
const issuer = await party('issuer', root);
const signer = await party('signer', issuer);
const stranger = await party('stranger');
const image = await miOtaImage(issuer, signer);
const SIGNED = image.indexOf('-----BEGIN');

test.each([root, issuer, signer])('is verified wholly by %#: root, issuer, signer', async ({ trusted }) => {
  const { code, verdicts, word } = await judge(image, { keys: [trusted] });
  expect([word, code]).toEqual(['verified', 0]);
  expect(verdicts[0]).toMatchObject({
    format: 'mi-ota',
    version: '1.2.3_0033',
    hardware: ['fixture.sensor.one', 'product 0x0863'],
    covered: [{ start: 0, end: SIGNED }],
    uncovered: [],
  });
});

test('without a key the signer is unknown; a stranger’s is wrong', async () => {
  expect(await judge(image)).toMatchObject({ word: 'signer-unknown', code: 3 });
  expect(await judge(image, { keys: [stranger.trusted] })).toMatchObject({ word: 'wrong-key', code: 1 });
});

test('an expired signer is refused', async () => {
  const old = await miOtaImage(issuer, await party('signer', issuer, '2020-01-01'));
  expect(await judge(old, { keys: [root.trusted] })).toMatchObject({
    code: 1,
    verdicts: [{ signatures: [{ outcome: 'refused' }] }],
  });
});

test('a signer whose key is not for signatures is refused', async () => {
  const other = await party('signer', issuer, '2060-01-01', KEY_USAGE.keyAgreement);
  const { code } = await judge(await miOtaImage(issuer, other), { keys: [root.trusted] });
  expect(code).toBe(1);
});

test('no byte of firmware or metadata can change', async () => {
  const places = [
    ...Array.from({ length: 40 }, (_, at) => at * 50),
    ...Array.from({ length: SIGNED - 2000 }, (_, at) => 2000 + at),
  ];
  for (const at of places)
    expect((await judge(flipped(image, at), { keys: [root.trusted] })).code, `${at}`).not.toBe(0);
});

test('re-signed by a stranger with the maker’s issuer beside it is not verified', async () => {
  const forged = await miOtaImage(issuer, await party('signer', stranger));
  expect((await judge(forged, { keys: [root.trusted] })).code).toBe(1);
});

test('bytes behind the trailer are payload that nothing protects', async () => {
  const { code, verdicts } = await judge(Buffer.concat([image, Buffer.alloc(32, 1)]), { keys: [root.trusted] });
  expect(code).toBe(1);
  expect(verdicts[0]?.uncovered).toEqual([{ start: image.length, end: image.length + 32, what: 'behind the trailer' }]);
});

test('cut short it is never verified, and never a bug', async () => {
  for (let size = SIGNED - 60; size < image.length - 5; size += 7) {
    const { code, verdicts } = await judge(image.subarray(0, size), { keys: [root.trusted] });
    expect(code).not.toBe(0);
    expect(verdicts.flatMap(({ faults }) => faults).filter(({ kind }) => kind === 'bug')).toEqual([]);
  }
});

test('as part of an image the trailer is understood to its last byte', () => {
  expect(unpacker.locate(memoryBlob(image), 2000)).toMatchObject({
    start: 2000,
    end: image.length,
    note: 'fixture.sensor.one 1.2.3_0033',
  });
});

/** Telink firmware of the chips that such accessories have: a size, and a CRC-32 without the final inversion at its end. */
function telink(size = 600): Buffer {
  const bytes = Buffer.alloc(size, 0x5a);
  bytes.write('KNLT', 8, 'latin1');
  bytes.writeUInt32LE(size, 24);
  bytes.writeUInt32LE(~crc32(bytes.subarray(0, size - 4)) >>> 0, size - 4);
  return bytes;
}

test('firmware with its checksum alone is unsigned, and a checksum that fails is told', async () => {
  expect(await judge(telink())).toMatchObject({ word: 'unsigned', verdicts: [{ integrity: [{ holds: true }] }] });
  expect((await judge(flipped(telink(), 100))).verdicts[0]?.integrity[0]?.holds).toBe(false);
});

test('what lies behind such firmware may be a signature: it is not called unsigned', async () => {
  expect((await judge(Buffer.concat([telink(), Buffer.alloc(80, 7)]))).verdicts).toEqual([]);
});

test('signed firmware of such a chip is signed, and its checksum speaks for nothing', async () => {
  const whole = await miOtaImage(issuer, signer, telink());
  expect((await judge(whole, { keys: [root.trusted] })).verdicts.map(({ format }) => format)).toEqual(['mi-ota']);
});
