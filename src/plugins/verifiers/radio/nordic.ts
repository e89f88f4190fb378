/** Nordic DFU packages: a zip of firmware files and init packets, each signed or not (nRF5 SDK, "Secure DFU"). */
import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { fieldsOf, numberOf, octetsOf } from '../../../codecs/formats/protobuf.ts';
import {
  dataOf,
  findEnd,
  isLocalHeader,
  type ZipDirectory,
  type ZipEntry,
  zipEntries,
} from '../../../codecs/formats/zip.ts';
import { strictZip } from '../../../codecs/formats/zip-strict.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { attribute } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  countedRanges,
  type FoundSignature,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const MOST_FILE = 64 << 20;

interface Package {
  readonly directory: ZipDirectory;
  readonly entries: ReadonlyMap<string, ZipEntry>;
}

function packageOf(artefact: Blob): Package | undefined {
  if (artefact.size > 256 << 20 || !isLocalHeader(artefact, 0)) return undefined;
  const whole = findEnd(artefact, 0);
  if (whole === undefined || whole.count > 64) return undefined;
  try {
    const entries = new Map([...zipEntries(artefact, whole)].map((entry) => [entry.name, entry]));
    return entries.has('manifest.json') && [...entries.keys()].some((name) => name.endsWith('.dat'))
      ? { directory: whole, entries }
      : undefined;
  } catch (error) {
    // A directory that breaks off is no package of this kind.
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}

interface Stored {
  readonly bytes: Buffer;
  readonly range: Range;
}

function fileOf(artefact: Blob, { directory, entries }: Package, name: string): Stored {
  const entry = entries.get(name);
  if (entry === undefined || entry.encrypted || entry.size > MOST_FILE)
    throw new FaultError('malformed', `the package names ${name}, which cannot be read`);
  const range = dataOf(artefact, directory.start, entry);
  const packed = Buffer.from(artefact.read(range.start, range.end - range.start));
  if (packed.length < range.end - range.start) throw new FaultError('truncated', `the package ends inside ${name}`);
  if (entry.method === 0) return { bytes: packed, range };
  if (entry.method !== 8) throw new FaultError('unsupported', `${name} is packed in method ${entry.method}`);
  try {
    return { bytes: inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) }), range };
  } catch (error) {
    throw new FaultError('malformed', `${name} cannot be unpacked`, { cause: error });
  }
}

interface Part {
  readonly kind: string;
  readonly bin: string;
  readonly dat: string;
}

function partsOf(manifest: Buffer): readonly Part[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(manifest.toString('utf8'));
  } catch (error) {
    throw new FaultError('malformed', 'manifest.json is no JSON', { cause: error });
  }
  const parts = (parsed as { readonly manifest?: { readonly [kind: string]: unknown } }).manifest ?? {};
  return Object.entries(parts).flatMap(([kind, part]) => {
    const { bin_file: bin, dat_file: dat } = (part ?? {}) as {
      readonly bin_file?: unknown;
      readonly dat_file?: unknown;
    };
    return typeof bin === 'string' && typeof dat === 'string' ? [{ kind, bin, dat }] : [];
  });
}

export const nordic: Verifier = {
  id: 'radio/nordic',
  title: 'Nordic DFU package',
  recognise: (artefact) => packageOf(artefact) !== undefined,
  async verify(artefact, context) {
    const found = packageOf(artefact);
    const blank = blankVerdict(nordic, 'nordic-dfu');
    if (found === undefined) return blank;
    const told: PartTold[] = [];
    try {
      // Two members of a name, or a directory that says something else than the headers: tools take one or the other.
      strictZip(artefact);
      const parts = partsOf(fileOf(artefact, found, 'manifest.json').bytes);
      if (parts.length === 0) throw new FaultError('malformed', 'manifest.json names no firmware');
      for (const part of parts.slice(0, 16)) told.push(await partOf(artefact, found, part, context));
    } catch (error) {
      return { ...blank, ...account(artefact.size, [], []), faults: [faultOf(error)] };
    }
    const signatures = told.flatMap(({ signature }) => (signature === undefined ? [] : [signature]));
    const version = told.find((one) => one.version !== undefined)?.version;
    return {
      ...blank,
      signed: signatures.length > 0,
      signatures,
      ...account(
        artefact.size,
        told.flatMap(({ payload }) => payload),
        countedRanges(told.flatMap(({ signature, read }) => (signature === undefined ? [] : [{ signature, read }]))),
      ),
      broken: told.flatMap(({ broken }) => broken),
      integrity: told.flatMap(({ integrity }) => integrity),
      ...(version === undefined ? {} : { version }),
      rollback: {
        protected: signatures.length > 0 && told.every(({ debug }) => !debug),
        ...(version === undefined ? {} : { value: version }),
      },
      notes: told.some(({ debug }) => debug) ? ['the debug flag switches version checks off'] : [],
    };
  },
};

interface PartTold {
  readonly signature?: FoundSignature;
  readonly payload: readonly ByteRange[];
  readonly read: readonly Range[];
  readonly broken: readonly string[];
  readonly integrity: UpdateVerdict['integrity'];
  readonly version?: string;
  readonly debug: boolean;
}

/** Packet { 1: command, 2: signed command { 1: command, 2: type, 3: signature } }, command { 2: init }. */
function packetOf(
  bytes: Buffer,
): { readonly command: Buffer; readonly init: Buffer; readonly raw?: Buffer } | undefined {
  const packet = softFields(bytes);
  if (packet === undefined) return undefined;
  const signed = octetsOf(packet, 2);
  const inner = signed === undefined ? undefined : fieldsOf(signed);
  const command = inner === undefined ? octetsOf(packet, 1) : octetsOf(inner, 1);
  const init = command === undefined ? undefined : octetsOf(fieldsOf(command), 2);
  if (command === undefined || init === undefined) return undefined;
  const raw = inner === undefined ? undefined : octetsOf(inner, 3);
  return { command, init, ...(raw === undefined ? {} : { raw }) };
}

/** The init command binds the firmware by its hash. */
async function partOf(artefact: Blob, found: Package, part: Part, context: VerifyContext): Promise<PartTold> {
  const [bin, dat] = [fileOf(artefact, found, part.bin), fileOf(artefact, found, part.dat)];
  const payload = [
    { ...bin.range, what: part.bin },
    { ...dat.range, what: part.dat },
  ];
  const packet = packetOf(dat.bytes);
  if (packet === undefined) return { payload, read: [], broken: [], integrity: [], debug: false };
  const { command, init, raw } = packet;
  const fields = fieldsOf(init);
  const version = numberOf(fields, 1);
  const holds = hashHolds(octetsOf(fields, 8), bin.bytes);
  const known = {
    payload,
    integrity: [{ algorithm: 'SHA-256', over: part.bin, holds }],
    debug: numberOf(fields, 9) === 1,
    ...(version === undefined ? {} : { version: String(version) }),
  };
  if (raw === undefined) return { ...known, read: [], broken: [] };
  const message = messageOf(memoryBlob(command), [{ start: 0, end: command.length }]);
  // r and s are little-endian.
  const signature = Buffer.concat([
    Buffer.from(raw.subarray(0, 32)).reverse(),
    Buffer.from(raw.subarray(32)).reverse(),
  ]);
  const scheme = { algorithm: 'ECDSA', hash: 'sha256', encoding: 'raw' } as const;
  const start = dat.range.start + dat.bytes.indexOf(command);
  const stored = dat.range.end - dat.range.start === dat.bytes.length;
  const own = stored ? [{ start, end: start + command.length }] : [];
  return {
    ...known,
    payload: [{ ...bin.range, what: part.bin }, ...own.map((range) => ({ ...range, what: part.dat }))],
    signature: await attribute(context, { scheme, message, signature }),
    read: [...(holds ? [bin.range] : []), ...own],
    broken: holds ? [] : [`${part.bin} is not the file whose hash was signed`],
  };
}

/** Init packets of old SDKs are no protobuf, and are never signed. */
function softFields(bytes: Buffer): ReturnType<typeof fieldsOf> | undefined {
  try {
    return fieldsOf(bytes);
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}

/** Hash { 1: type, 2: octets, little-endian }; type 3 is SHA-256. */
function hashHolds(hash: Buffer | undefined, bin: Buffer): boolean {
  const fields = hash === undefined ? undefined : fieldsOf(hash);
  const stated = fields === undefined ? undefined : octetsOf(fields, 2);
  return stated?.length === 32 && createHash('sha256').update(bin).digest().equals(Buffer.from(stated).reverse());
}
