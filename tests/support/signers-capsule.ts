/** Makes UEFI capsules of the firmware management protocol, written from the UEFI specification (8.5, 23.3). */
import { filler } from './signers.ts';
import { type CmsOptions, cms, type Issued } from './signers-cms.ts';

const guid = (hex: string): Buffer => Buffer.from(hex, 'hex');
const CAPSULE = guid('edd5cb6d2de8444cbda17194199ad92a');
const PKCS7 = guid('9dd2af4adf68ee498aa9347d375665a7');
export const DEVICE = guid('00112233445566778899aabbccddeeff');
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

export interface CapsuleOptions {
  readonly version?: 1 | 2 | 3;
  readonly count?: number;
  readonly lowest?: number;
  readonly vendor?: Buffer;
  readonly cms?: CmsOptions;
  /** Spoils the image behind the signature. */
  readonly spoil?: (image: Buffer) => Buffer;
}

export function capsuleFile(signer: Issued | undefined, options: CapsuleOptions = {}): Buffer {
  const { version = 3, count = 7, lowest = 2, vendor = Buffer.alloc(0), spoil = (one: Buffer) => one } = options;
  const image = Buffer.concat([Buffer.from('MSS1'), u32(16), u32(5), u32(lowest), filler(900)]);
  const signature = signer === undefined ? undefined : cms(Buffer.concat([image, u64(count)]), signer, options.cms);
  const authentication =
    signature === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([u64(count), u32(24 + signature.length), Buffer.from([0, 2, 0xf1, 0x0e]), PKCS7, signature]);
  const update = Buffer.concat([authentication, spoil(image)]);
  const head = Buffer.concat([
    u32(version),
    DEVICE,
    Buffer.from([1, 0, 0, 0]),
    u32(update.length),
    u32(vendor.length),
    ...(version > 1 ? [u64(0)] : []),
    ...(version > 2 ? [u64(0)] : []),
  ]);
  const body = Buffer.concat([u32(1), Buffer.from([0, 0, 1, 0]), u64(16), head, update, vendor]);
  return Buffer.concat([CAPSULE, u32(28), u32(0), u32(28 + body.length), body]);
}
