/** The first packet of an OpenPGP secret key (RFC 9580 §5.5.3), and GnuPG's own files of one key each (libgcrypt S-expressions). */

export interface OpenPgpKey {
  readonly type: 'RSA' | 'EC' | 'Ed25519' | 'X25519' | 'DSA' | 'other';
  readonly bits: number;
  readonly encrypted: boolean;
}

/** §9.1; 18 and 19 take a curve by its OID, 22 and 25 to 28 have curves of their own. */
const ALGORITHMS: ReadonlyMap<number, OpenPgpKey['type']> = new Map([
  [1, 'RSA'],
  [2, 'RSA'],
  [3, 'RSA'],
  [16, 'other'],
  [17, 'DSA'],
  [18, 'EC'],
  [19, 'EC'],
  [22, 'Ed25519'],
  [25, 'X25519'],
  [26, 'other'],
  [27, 'Ed25519'],
  [28, 'other'],
]);
const SECRET_KEY = 5;
/** Public numbers before the secret part; of ElGamal p, g, y, of DSA p, q, g, y. */
const NUMBERS: ReadonlyMap<number, number> = new Map([
  [1, 2],
  [2, 2],
  [3, 2],
  [16, 3],
  [17, 4],
]);

/** Undefined for what is no secret key packet of version 4. */
export function openpgpSecret(bytes: Uint8Array): OpenPgpKey | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const body = bodyOf(buffer);
  if (body === undefined || body[0] !== 4 || body.length < 24) return undefined;
  const algorithm = body[5] ?? 0;
  const type = ALGORITHMS.get(algorithm);
  if (type === undefined) return undefined;
  const numbers = NUMBERS.get(algorithm);
  if (numbers === undefined)
    return { type, bits: curveBits(algorithm, body), encrypted: isLocked(body, afterCurve(algorithm, body)) };
  let at = 6;
  for (let turn = 0; turn < numbers; turn += 1) {
    if (at + 2 > body.length) return undefined;
    at += 2 + Math.ceil(body.readUInt16BE(at) / 8);
  }
  const bits = body.readUInt16BE(6);
  return at >= body.length || bits < 512 || bits > 32_768 ? undefined : { type, bits, encrypted: isLocked(body, at) };
}

/** The octet of string-to-key usage: 0 leaves the secret in clear. */
const isLocked = (body: Buffer, at: number): boolean => (body[at] ?? 0) !== 0;

/** Length of the OID at 6, the OID, the point as a number; ECDH adds parameters of its own. */
function afterCurve(algorithm: number, body: Buffer): number {
  if (algorithm >= 25) return 6 + ({ 25: 32, 26: 56, 27: 32, 28: 57 }[algorithm] ?? 0);
  const point = 7 + (body[6] ?? 0);
  if (point + 2 > body.length) return body.length;
  const end = point + 2 + Math.ceil(body.readUInt16BE(point) / 8);
  return algorithm === 18 ? end + 1 + (body[end] ?? 0) : end;
}

function curveBits(algorithm: number, body: Buffer): number {
  if (algorithm >= 25) return { 25: 256, 26: 448, 27: 256, 28: 456 }[algorithm] ?? 0;
  const oid = body.subarray(7, 7 + (body[6] ?? 0)).toString('hex');
  return { '2a8648ce3d030107': 256, '2b81040022': 384, '2b81040023': 521 }[oid] ?? 256;
}

/** Body of the first packet, if that is a secret key: old form (§4.2.2) or new (§4.2.1). */
function bodyOf(buffer: Buffer): Buffer | undefined {
  const tag = buffer[0] ?? 0;
  if ((tag & 0x80) === 0 || buffer.length < 32) return undefined;
  if ((tag & 0x40) === 0) {
    const kind = tag & 3;
    if ((tag & 0x3c) >> 2 !== SECRET_KEY || kind === 3) return undefined;
    const from = 1 + (1 << kind);
    return cut(buffer, from, buffer.readUIntBE(1, 1 << kind));
  }
  if ((tag & 0x3f) !== SECRET_KEY) return undefined;
  const first = buffer[1] ?? 0;
  if (first < 192) return cut(buffer, 2, first);
  if (first < 224) return cut(buffer, 3, ((first - 192) << 8) + (buffer[2] ?? 0) + 192);
  return first === 255 ? cut(buffer, 6, buffer.readUInt32BE(2)) : undefined;
}

const cut = (buffer: Buffer, from: number, length: number): Buffer | undefined =>
  length < 24 || length > 65_536 || from + length > buffer.length ? undefined : buffer.subarray(from, from + length);

/** A file of `private-keys-v1.d`: `(11:private-key(3:rsa…` or, in the extended form, `Key: (private-key …`. */
export function gnupgSecret(start: string): OpenPgpKey | undefined {
  const found =
    /^(?:[\s\S]{0,400}?\nKey: |Key: |)\((?:\d+:)?(protected-|shadowed-)?private-key\s*\((?:\d+:)?(rsa|dsa|ecc|elg)/.exec(
      start,
    );
  if (found === null || found[1] === 'shadowed-') return undefined;
  const curve = /\(\s*(?:5:)?curve\s*(?:\d+:)?(\w[\w. -]{0,23}?)\s{0,16}\)/.exec(start)?.[1];
  const encrypted = found[1] === 'protected-';
  if (curve !== undefined) return { ...ofCurve(curve), encrypted };
  const type = ({ rsa: 'RSA', dsa: 'DSA', ecc: 'EC' } as const)[found[2] ?? ''] ?? 'other';
  return { type, bits: numberBits(start), encrypted };
}

function ofCurve(name: string): Pick<OpenPgpKey, 'type' | 'bits'> {
  if (/ed25519/i.test(name)) return { type: 'Ed25519', bits: 256 };
  if (/curve25519/i.test(name)) return { type: 'X25519', bits: 256 };
  return { type: 'EC', bits: Number(/\d{3}/.exec(name)?.[0] ?? 0) };
}

/** The length of n or p, the first number: `(1:n257:` and its bytes, or `(n #00…#)`. */
function numberBits(start: string): number {
  const counted = /\(1:[np](\d{1,5}):([\s\S])/.exec(start);
  if (counted !== null) {
    const zero = counted[2] === '\0' ? 1 : 0;
    const first = start.charCodeAt(counted.index + counted[0].length - 1 + zero);
    return (Number(counted[1]) - zero) * 8 - Math.clz32(first) + 24;
  }
  const digits = (/\([np]\s{1,80}#([0-9A-Fa-f\s]{1,12000})#/.exec(start)?.[1] ?? '').replace(/\s|^[0\s]+/g, '');
  return digits === '' ? 0 : BigInt(`0x${digits}`).toString(2).length;
}
