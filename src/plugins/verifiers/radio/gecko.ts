/** Gecko bootloader files within a family: tags, the signature over all before it, the CRC over all. Private to this folder. */
import { crc32 } from 'node:zlib';
import { header } from '../../../codecs/formats/fields.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { attribute } from '../../../codecs/signatures/trust.ts';
import { account, type UpdateVerdict, type VerifyContext } from '../../../core/model/verifier.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import type { Fault } from '../../../lib/fault.ts';

const HEAD = 0x03a617eb;
const END = 0xfc0404fc;
const SIGNATURE = 0xf70a0af7;
const CERTIFICATE = 0xf30b0bf3;
const ENCRYPTED: ReadonlySet<number> = new Set([0xf90707f9, 0xfb0505fb, 0xfa0606fa]);
const MOST_TAGS = 65_536;

interface Tag {
  readonly id: number;
  readonly at: number;
  readonly end: number;
}

export const isGecko = (artefact: Blob): boolean => header(artefact, 0, 8)?.readUInt32LE(0) === HEAD;

function tagsOf(artefact: Blob): { readonly tags: readonly Tag[]; readonly fault?: Fault } {
  const tags: Tag[] = [];
  for (let at = 0; tags.length < MOST_TAGS; ) {
    const head = header(artefact, at, 8);
    const end = at + 8 + (head?.readUInt32LE(4) ?? 0);
    if (head === undefined || end > artefact.size)
      return { tags, fault: { kind: 'truncated', message: 'the file ends before its end tag' } };
    const id = head.readUInt32LE(0);
    tags.push({ id, at, end });
    if (id === END) return { tags };
    at = end;
  }
  return { tags, fault: { kind: 'over-budget', message: 'the file has too many tags' } };
}

export type Geckos = Pick<
  UpdateVerdict,
  | 'signed'
  | 'signatures'
  | 'covered'
  | 'uncovered'
  | 'framing'
  | 'integrity'
  | 'broken'
  | 'encrypted'
  | 'faults'
  | 'notes'
  | 'version'
>;

/** What a GBL file says of itself; ranges count from its start. */
export async function gecko(artefact: Blob, context: VerifyContext): Promise<Geckos> {
  const { tags, fault } = tagsOf(artefact);
  const signature = tags.find(({ id }) => id === SIGNATURE);
  const end = tags.at(-1)?.end ?? artefact.size;
  const encrypted = tags.some(({ id }) => ENCRYPTED.has(id));
  const bound = signature === undefined ? undefined : messageOf(artefact, [{ start: 0, end: signature.at }]);
  const signatures =
    signature === undefined || bound === undefined
      ? []
      : [
          await attribute(context, {
            scheme: { algorithm: 'ECDSA', hash: 'sha256', encoding: 'raw' },
            message: bound,
            signature: artefact.read(signature.at + 8, signature.end - signature.at - 8),
          }),
        ];
  await bound?.digest('sha256', context.signal);
  const payload = tags
    .filter(({ id }) => id !== SIGNATURE && id !== END)
    .map(({ at, end: to, id }) => ({ start: at, end: to, what: `tag 0x${id.toString(16).padStart(8, '0')}` }));
  const version = versionOf(artefact, tags);
  return {
    signed: signatures.length > 0,
    signatures,
    ...account(artefact.size, payload, bound?.read ?? []),
    integrity: fault === undefined ? sumOf(artefact, end) : [],
    broken: [],
    encrypted,
    ...(version === undefined ? {} : { version }),
    faults: fault === undefined ? [] : [fault],
    notes: tags.some(({ id }) => id === CERTIFICATE) ? ['a certificate of the signing key lies in the file'] : [],
  };
}

/** The end tag holds a CRC-32 that makes the whole run to the known residue. */
function sumOf(artefact: Blob, end: number): UpdateVerdict['integrity'] {
  const stated = header(artefact, end - 4, 4)?.readUInt32LE(0);
  let crc = 0;
  for (const chunk of chunksOf(artefact.slice(0, end - 4))) crc = crc32(chunk, crc);
  return [{ algorithm: 'CRC-32', over: 'file', holds: crc === stated }];
}

const APPLICATION = 0xf40a0af4;
function versionOf(artefact: Blob, tags: readonly Tag[]): string | undefined {
  const tag = tags.find(({ id }) => id === APPLICATION);
  const body = tag === undefined ? undefined : header(artefact, tag.at + 8, 8);
  return body === undefined ? undefined : `0x${body.readUInt32LE(4).toString(16)}`;
}
