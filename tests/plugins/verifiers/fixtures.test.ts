/** Artefacts made by the real tools: what each is, by whom, and that no changed byte inside covered ranges stays verified. */
import { describe, expect, test } from 'vitest';
import { artefact, flipped, judge, keyOf } from '../../support/updates.ts';

const AUTHORITY = keyOf('ca.pem');
const SIGNER = keyOf('signer.pub');
const EC = keyOf('ec.pub');
const STRANGER = keyOf('other.pem');

const GOOD = [
  ['plain.raucb', AUTHORITY],
  ['verity.raucb', AUTHORITY],
  ['cms.swu', AUTHORITY],
  ['rsa.swu', SIGNER],
  ['pss.swu', SIGNER],
  ['ec.mender', EC],
  ['rsa.mender', SIGNER],
  ['conf.itb', SIGNER],
  ['pss.itb', SIGNER],
  ['external.itb', SIGNER],
] as const;

describe.each(GOOD)('%s', (name, keys) => {
  const bytes = artefact(name);

  test('is verified by the key that signed it, wholly', async () => {
    const { code, verdicts, word } = await judge(bytes, { keys });
    expect(word).toBe('verified');
    expect(verdicts[0]!.uncovered).toEqual([]);
    expect(code).toBe(0);
  });

  test('is of an unknown signer without a key, and never verified', async () => {
    const { code, word } = await judge(bytes);
    expect(word).toBe('signer-unknown');
    expect(code).toBe(3);
  });

  test("is not verified by a stranger's key", async () => {
    const { code, word } = await judge(bytes, { keys: STRANGER });
    expect(['wrong-key', 'broken']).toContain(word);
    expect(code).toBe(1);
  });

  test('is never verified after a byte in what is covered was changed', async () => {
    const { verdicts } = await judge(bytes, { keys });
    const { covered } = verdicts[0]!;
    const places = covered.flatMap(({ start, end }) => {
      const step = Math.max(1, Math.floor((end - start) / 60));
      return Array.from({ length: Math.ceil((end - start) / step) }, (_, index) => start + index * step);
    });
    expect(places.length).toBeGreaterThan(20);
    for (const at of places) {
      const { code } = await judge(flipped(bytes, at), { keys });
      expect(code, `byte ${at}`).not.toBe(0);
    }
  });

  test('every byte is covered, payload without cover, or framing, and only one of them', async () => {
    const { verdicts } = await judge(bytes, { keys });
    const { covered, uncovered, framing } = verdicts[0]!;
    const marks = new Uint8Array(bytes.length);
    for (const { start, end } of [...covered, ...uncovered, ...framing])
      for (let at = start; at < end; at++) marks[at]! += 1;
    expect(marks.every((count) => count === 1)).toBe(true);
  });

  test('is not verified when it is cut off', async () => {
    const { verdicts } = await judge(bytes, { keys });
    const last = verdicts[0]!.covered.at(-1)!.end;
    for (const end of [0.2, 0.5, 0.8, 0.97].map((share) => Math.floor(last * share)).concat(last - 1))
      expect((await judge(bytes.subarray(0, end), { keys, name })).code, `cut at ${end}`).not.toBe(0);
  });
});

test('a signature by an expired certificate is refused, as rauc refuses it', async () => {
  const { code, word } = await judge(artefact('expired.raucb'), { keys: AUTHORITY });
  expect(word).toBe('refused');
  expect(code).toBe(1);
});

test('a bundle signed by a stranger is made with another key', async () => {
  const { code, word } = await judge(artefact('other.raucb'), { keys: AUTHORITY });
  expect(word).toBe('wrong-key');
  expect(code).toBe(1);
});

test.each(['unsigned.swu', 'unsigned.mender', 'unsigned.itb'])('%s is unsigned', async (name) => {
  const { code, word } = await judge(artefact(name), { keys: SIGNER });
  expect(word).toBe('unsigned');
  expect(code).toBe(1);
});

test('a script without a hash in a signed sw-description is payload that nothing covers', async () => {
  const { code, verdicts, word } = await judge(artefact('partly.swu'), { keys: SIGNER });
  expect(word).toBe('verified');
  expect(verdicts[0]!.uncovered.map(({ what }) => what)).toEqual(['extra.sh']);
  expect(code).toBe(1);
});

test('an archive with a second member of a name is broken, whichever of them the hash fits', async () => {
  const bytes = Buffer.from(artefact('rsa.swu'));
  const at = bytes.indexOf('rootfs.img\0') - 110;
  const member = bytes.subarray(at, bytes.indexOf('070702', at + 110));
  const doubled = Buffer.concat([bytes.subarray(0, at), member, bytes.subarray(at)]);
  const { code, word } = await judge(doubled, { keys: SIGNER });
  expect(word).toBe('broken');
  expect(code).toBe(1);
});

test('a FIT whose images alone are signed leaves its configuration uncovered', async () => {
  const { code, verdicts } = await judge(artefact('image.itb'), { keys: SIGNER });
  expect(verdicts[0]!.uncovered.map(({ what }) => what)).toContain('conf-1/kernel');
  expect(code).toBe(1);
});

test('a FIT with a second configuration that is not signed is covered in part', async () => {
  const { code, verdicts } = await judge(artefact('second.itb'), { keys: SIGNER });
  expect(verdicts[0]!.notes).toContain('configuration conf-2 is not signed');
  expect(verdicts[0]!.uncovered.map(({ what }) => what)).toContain('conf-2/kernel');
  expect(code).toBe(1);
});

test('a stripped RAUC bundle is told by its name, and is never taken for signed', async () => {
  const bytes = artefact('plain.raucb');
  expect((await judge(bytes.subarray(0, 4096), { keys: AUTHORITY, name: 'plain.raucb' })).code).toBe(1);
  expect((await judge(bytes.subarray(0, 4096), { keys: AUTHORITY, name: 'root.squashfs' })).code).toBe(3);
});

test('bytes that are put between the parts of an archive never become covered', async () => {
  const bytes = artefact('ec.mender');
  const longer = new Uint8Array([...bytes, ...new Uint8Array(512)]);
  const { verdicts } = await judge(longer, { keys: EC });
  expect(verdicts[0]!.framing.at(-1)!.end).toBe(longer.length);
});

describe('detached signatures', () => {
  const bytes = artefact('plain.bin');
  test.each([
    ['.sig', 'plain.signify', 'signify.pub'],
    ['.minisig', 'plain.minisig', 'minisign.pub'],
    ['.sig', 'plain.rsa', 'signer.pub'],
    ['.sig', 'plain.ec', 'ec.pub'],
  ])('%s by %s is verified by %s and by nothing else', async (suffix, signature, key) => {
    const companions = { [suffix]: artefact(signature) };
    expect((await judge(bytes, { keys: keyOf(key), companions })).code).toBe(0);
    expect((await judge(flipped(bytes, 1234, 1), { keys: keyOf(key), companions })).code).toBe(1);
    expect((await judge(bytes, { keys: STRANGER, companions })).code).not.toBe(0);
    expect((await judge(bytes, { companions })).code).toBe(3);
    const broken = { [suffix]: flipped(artefact(signature), artefact(signature).length - 12, 1) };
    expect((await judge(bytes, { keys: keyOf(key), companions: broken })).code).toBe(1);
  });
});

describe('packed files of a Mender artefact', () => {
  const bytes = artefact('ec.mender');
  // Its own member of the tar: the header of gzip starts at the next block.
  const gzip = Buffer.from(bytes).indexOf('data/0000.tar.gz') + 512;

  test('a time in the header of gzip is framing, and may change', async () => {
    const { code, verdicts } = await judge(flipped(bytes, gzip + 4), { keys: EC });
    expect(code).toBe(0);
    expect(verdicts[0]!.framing.some(({ start, end }) => start <= gzip && end === gzip + 10)).toBe(true);
  });

  test('bytes behind the packed files are bound by nothing, and refused', async () => {
    const copy = Buffer.from(bytes);
    const size = Number.parseInt(copy.toString('latin1', gzip - 512 + 124, gzip - 512 + 135), 8);
    copy.write((size + 1).toString(8).padStart(11, '0'), gzip - 512 + 124);
    copy.write('        ', gzip - 512 + 148);
    const sum = copy.subarray(gzip - 512, gzip).reduce((total, byte) => total + byte, 0);
    copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, gzip - 512 + 148);
    const { code, verdicts } = await judge(copy, { keys: EC });
    expect(verdicts[0]!.faults[0]!.message).toContain('behind the packed files');
    expect(code).toBe(1);
  });
});

test('a certificate whose dates cannot be read is refused, and no bug', async () => {
  const bytes = Buffer.from(artefact('plain.raucb'));
  const at = bytes.lastIndexOf(Buffer.from('170d', 'hex'));
  bytes.write('zz', at + 2);
  const { code, verdicts } = await judge(bytes, { keys: AUTHORITY });
  expect(verdicts.flatMap(({ faults }) => faults).filter(({ kind }) => kind === 'bug')).toEqual([]);
  expect(code).toBe(1);
});

test('a minisign signature without its trusted comment, or with a longer one, is none', async () => {
  const keys = keyOf('minisign.pub');
  const text = Buffer.from(artefact('plain.minisig')).toString('latin1');
  const lines = text.split('\n');
  for (const changed of [lines.slice(0, 2), [lines[0], lines[1], `${lines[2]} `, lines[3]]])
    expect(
      await judge(artefact('plain.bin'), { keys, companions: { '.minisig': Buffer.from(`${changed.join('\n')}\n`) } }),
    ).toMatchObject({ code: 1, word: 'broken' });
});

test('an even modulus, which OpenSSL cannot reckon with, verifies nothing and is no bug', async () => {
  const bytes = artefact('cms.swu');
  const { verdicts, code } = await judge(flipped(bytes, 985, 1), { keys: AUTHORITY });
  expect(verdicts.flatMap(({ faults }) => faults).filter(({ kind }) => kind === 'bug')).toEqual([]);
  expect(code).toBe(1);
});
