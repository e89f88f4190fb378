/** Mender artefacts, versions 2 and 3: a signed manifest of digests, a header, payloads in packed tars. */
import { createHash } from 'node:crypto';
import { decodeGzip } from '../../../codecs/compression/inflate.ts';
import type { Decoded } from '../../../codecs/compression/source.ts';
import { decodeXz } from '../../../codecs/compression/xz.ts';
import { decodeZstd } from '../../../codecs/compression/zstd.ts';
import { isHeader, type TarMember, tarMembers } from '../../../codecs/formats/tar.ts';
import { tarFiles } from '../../../codecs/formats/tar-stream.ts';
import { type Message, messageOf } from '../../../codecs/signatures/message.ts';
import { attribute, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { type Fault, FaultError, faultOf } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const MOST_MEMBERS = 1000;
const MOST_TEXT = 4 << 20;

const isMender = (artefact: Blob): boolean => {
  const block = artefact.read(0, 512);
  if (block.length < 512 || !isHeader(block) || Buffer.from(block.subarray(0, 8)).toString('latin1') !== 'version\0')
    return false;
  return Buffer.from(artefact.read(512, 64)).toString('latin1').includes('"mender"');
};

const rangeOf = ({ start, size, name }: TarMember): ByteRange => ({ start, end: start + size, what: name });

export const mender: Verifier = {
  id: 'bundle/mender',
  title: 'Mender artefact',
  recognise: isMender,
  async verify(artefact, context) {
    const { members, faults } = membersOf(artefact);
    const at = (name: string): TarMember | undefined => members.find((member) => member.name === name);
    const manifest = at('manifest');
    const blank = { ...blankVerdict(mender, formatOf(artefact)), hardware: [] };
    const payload = members.filter(({ name }) => name !== 'manifest.sig').map((member) => payloadOf(artefact, member));
    if (manifest === undefined)
      return {
        ...blank,
        ...account(artefact.size, payload, []),
        faults: faults.length > 0 ? faults : [{ kind: 'malformed', message: 'it has no manifest' }],
      };
    const message = messageOf(artefact, [rangeOf(manifest)]);
    const listed = listOf(message.bytes(MOST_TEXT).toString('utf8'));
    const signature = at('manifest.sig');
    const signatures = signature === undefined ? [] : [await signatureOf(artefact, context, message, signature)];
    const held = hold(artefact, members, listed);
    const signed = signatures.length > 0;
    return {
      ...blank,
      signed,
      signatures,
      ...account(artefact.size, payload, signed ? [...message.read, ...held.read] : []),
      integrity: held.integrity,
      broken: signed ? held.broken : [],
      faults: [...faults, ...held.faults],
      notes: members.some(({ name }) => name.includes('augment')) ? ['an augmented header is not signed'] : [],
    };
  },
};

const formatOf = (artefact: Blob): string => {
  const version = /"version" ?: ?(\d)/.exec(Buffer.from(artefact.read(512, 128)).toString('latin1'))?.[1];
  return version === undefined ? 'mender' : `mender-${version}`;
};

function membersOf(artefact: Blob): { readonly members: readonly TarMember[]; readonly faults: readonly Fault[] } {
  const members: TarMember[] = [];
  try {
    for (const member of tarMembers(artefact)) {
      if (member.start + member.stored > artefact.size)
        throw new FaultError('truncated', `it ends inside ${member.name}`);
      if (members.length >= MOST_MEMBERS) throw new FaultError('over-budget', 'it has too many members');
      if (members.some(({ name }) => name === member.name))
        throw new FaultError('malformed', `${member.name} comes twice`);
      members.push(member);
    }
    const end = members.at(-1)?.next ?? 0;
    for (const chunk of chunksOf(artefact.slice(end)))
      if (chunk.some((byte) => byte !== 0)) throw new FaultError('malformed', 'something lies behind its last member');
    return { members, faults: [] };
  } catch (error) {
    return { members, faults: [faultOf(error)] };
  }
}

/** Lines `DIGEST  NAME`. */
function listOf(text: string): ReadonlyMap<string, string> {
  const listed = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{64}) {2}(.{1,4096})$/.exec(line);
    if (match !== null) listed.set(match[2] ?? '', match[1] ?? '');
    else if (line.trim() !== '') throw new FaultError('malformed', 'the manifest has a line of another form');
  }
  return listed;
}

/** Base64 of RSA PKCS #1 v1.5 or of ECDSA with r and s side by side; which of them, the key says. */
async function signatureOf(
  artefact: Blob,
  context: VerifyContext,
  message: Message,
  member: TarMember,
): Promise<Signed> {
  const text = Buffer.from(artefact.read(member.start, Math.min(member.size, 16_384))).toString('latin1');
  const signature = Buffer.from(text.trim(), 'base64');
  const schemes =
    signature.length <= 132
      ? ([{ algorithm: 'ECDSA', hash: 'sha256', encoding: 'raw' }] as const)
      : ([{ algorithm: 'RSASSA-PKCS1-v1_5', hash: 'sha256' }] as const);
  const [scheme] = schemes;
  const base64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text);
  if (!base64 || signature.toString('base64') !== text.replace(/\s/g, ''))
    return { algorithm: scheme.algorithm, outcome: 'broken', message: 'the signature is no base64' };
  return attribute(context, { scheme, message, signature });
}

interface Held {
  readonly read: Range[];
  readonly broken: string[];
  readonly faults: Fault[];
  readonly integrity: UpdateVerdict['integrity'][number][];
}

/** Every member and every file of the payloads against the manifest. */
function hold(artefact: Blob, members: readonly TarMember[], listed: ReadonlyMap<string, string>): Held {
  const held: Held = { read: [], broken: [], faults: [], integrity: [] };
  const met = new Set<string>();
  for (const member of members) {
    const { name } = member;
    if (name === 'manifest' || name === 'manifest.sig' || name.includes('augment')) continue;
    for (const file of holdMember(artefact, member, listed, held)) met.add(file);
  }
  for (const name of listed.keys()) if (!met.has(name)) held.broken.push(`${name} is in the manifest and not there`);
  return held;
}

/** The names that a member holds; what does not fit the manifest is told. */
function holdMember(
  artefact: Blob,
  member: TarMember,
  listed: ReadonlyMap<string, string>,
  held: Held,
): readonly string[] {
  const range = rangeOf(member);
  const part = artefact.slice(range.start, range.end);
  const { name } = member;
  const files = /^data\/\d+\.tar/.test(name) ? packed(name, part, held) : [{ name, digest: digestOf(chunksOf(part)) }];
  if (files === undefined) return [];
  const isWrong = (file: Packed): boolean => listed.get(file.name) !== file.digest;
  held.integrity.push(...files.map((file) => ({ algorithm: 'SHA-256', over: file.name, holds: !isWrong(file) })));
  const wrong = files.filter(isWrong);
  held.broken.push(...wrong.map((file) => `${file.name} is not the file whose hash is in the manifest`));
  if (wrong.length === 0 && files.length > 0) held.read.push(payloadOf(artefact, member));
  return files.map((file) => file.name);
}

/** The payload in a member. The header of gzip (a time, a system, a name) changes nothing that is installed: framing. */
function payloadOf(artefact: Blob, member: TarMember): ByteRange {
  const whole = rangeOf(member);
  if (!/^data\/\d+\.tar\.gz$/.test(member.name)) return whole;
  return { ...whole, start: Math.min(whole.end, whole.start + gzipHeader(artefact.read(whole.start, 4096))) };
}

/** The size of the header of gzip (RFC 1952, 2.3). */
function gzipHeader(head: Uint8Array): number {
  const flags = head[3] ?? 0;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + ((head[at] ?? 0) | ((head[at + 1] ?? 0) << 8));
  for (const flag of [8, 16]) if ((flags & flag) !== 0) at = head.indexOf(0, at) + 1;
  return (flags & 2) === 0 ? at : at + 2;
}

function digestOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

interface Packed {
  readonly name: string;
  readonly digest: string;
}

/** Files of a payload under the names of the manifest: `data/0000/rootfs.ext4`. */
function packed(name: string, part: Blob, held: Held): readonly Packed[] | undefined {
  const folder = name.slice(0, name.indexOf('.tar'));
  const files: Packed[] = [];
  try {
    tarFiles(opened(part, name), (file) => {
      const hash = createHash('sha256');
      return {
        data: (bytes) => void hash.update(bytes),
        end: () => void files.push({ name: `${folder}/${file}`, digest: hash.digest('hex') }),
      };
    });
    return files;
  } catch (error) {
    held.faults.push(faultOf(error));
    return undefined;
  }
}

function opened(part: Blob, name: string): Iterable<Uint8Array> {
  if (name.endsWith('.tar.gz')) return toItsEnd(decodeGzip(part, { exact: true }), part);
  if (name.endsWith('.tar.xz')) return toItsEnd(decodeXz(part), part);
  if (name.endsWith('.tar.zst')) return toItsEnd(decodeZstd(part), part);
  if (name.endsWith('.tar')) return chunksOf(part);
  throw new FaultError('unsupported', `${name} is packed in a way of its own`);
}

/** What lies behind the packed data is bound by nothing. */
function* toItsEnd(decoded: Decoded, part: Blob): Generator<Uint8Array, void> {
  if ((yield* decoded) !== part.size) throw new FaultError('malformed', 'something lies behind the packed files');
}
