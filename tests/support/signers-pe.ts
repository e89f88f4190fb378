/** A small PE32+ program and its Authenticode signature, written from Microsoft's "Authenticode Portable Executable Signature Format". */
import { createHash } from 'node:crypto';
import { filler } from './signers.ts';
import { type CmsOptions, cms, der, digestAlgorithm, type Issued, octetString, oid, sequence } from './signers-cms.ts';

const HEADER = 512;
const PE = 64;
const CHECKSUM = PE + 24 + 64;
export const ENTRY = PE + 24 + 112 + 4 * 8;
const INDIRECT = '1.3.6.1.4.1.311.2.1.4';

/** Headers of one section and its bytes; the size is a multiple of eight. */
export function program(size = 1024): Buffer {
  const bytes = Buffer.alloc(HEADER + size);
  bytes.write('MZ');
  bytes.writeUInt32LE(PE, 60);
  bytes.writeUInt32LE(0x4550, PE);
  bytes.writeUInt16LE(0x8664, PE + 4);
  bytes.writeUInt16LE(1, PE + 6);
  bytes.writeUInt16LE(240, PE + 20);
  bytes.writeUInt16LE(0x22, PE + 22);
  const optional = PE + 24;
  bytes.writeUInt16LE(0x20b, optional);
  bytes.writeUInt32LE(0x1000, optional + 16);
  bytes.writeUInt32LE(0x1000, optional + 32);
  bytes.writeUInt32LE(512, optional + 36);
  bytes.writeUInt32LE(0x2000, optional + 56);
  bytes.writeUInt32LE(HEADER, optional + 60);
  bytes.writeUInt16LE(10, optional + 68);
  bytes.writeUInt32LE(16, optional + 108);
  const section = optional + 240;
  bytes.write('.text', section);
  bytes.writeUInt32LE(size, section + 8);
  bytes.writeUInt32LE(0x1000, section + 12);
  bytes.writeUInt32LE(size, section + 16);
  bytes.writeUInt32LE(HEADER, section + 20);
  filler(size).copy(bytes, HEADER);
  return bytes;
}

/** SpcIndirectDataContent over the digest of a program. */
function indirect(bytes: Buffer, hash: string): Buffer {
  const parts = [bytes.subarray(0, CHECKSUM), bytes.subarray(CHECKSUM + 4, ENTRY), bytes.subarray(ENTRY + 8)];
  const digest = createHash(hash).update(Buffer.concat(parts)).digest();
  const image = sequence(der(3, Buffer.from([0])), der(0xa0, der(0xa2, der(0x80))));
  return sequence(sequence(oid('1.3.6.1.4.1.311.2.1.15'), image), sequence(digestAlgorithm(hash), octetString(digest)));
}

export function authenticodeCms(bytes: Buffer, signer: Issued, options: CmsOptions = {}): Buffer {
  const content = indirect(bytes, options.hash ?? 'sha256');
  // What is digested is the value of the sequence, without its header.
  const digested = content.subarray(content[1] === 0x81 ? 3 : content[1] === 0x82 ? 4 : 2);
  return cms(content, signer, { ...options, enclosed: content, digested, type: INDIRECT });
}

/** Puts signatures into the table behind the program. */
export function withSignatures(bytes: Buffer, ...signatures: readonly Buffer[]): Buffer {
  const table = signatures.map((one) => {
    const size = 8 + one.length;
    const head = Buffer.alloc(8);
    head.writeUInt32LE(size, 0);
    head.writeUInt16LE(0x0200, 4);
    head.writeUInt16LE(2, 6);
    return Buffer.concat([head, one, Buffer.alloc((8 - (size % 8)) % 8)]);
  });
  const whole = Buffer.concat([bytes, ...table]);
  whole.writeUInt32LE(bytes.length, ENTRY);
  whole.writeUInt32LE(whole.length - bytes.length, ENTRY + 4);
  return whole;
}

export const signedProgram = (signer: Issued, options: CmsOptions = {}): Buffer =>
  withSignatures(program(), authenticodeCms(program(), signer, options));
