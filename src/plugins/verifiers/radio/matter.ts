/** Matter over-the-air files (Matter core specification 11.20): a digest in the header, no signature. */
import { header } from '../../../codecs/formats/fields.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { account, blankVerdict, type Verifier } from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import type { Fault } from '../../../lib/fault.ts';

const MAGIC = Buffer.from([0x1e, 0xf1, 0xee, 0x1b]);
const HASHES: { readonly [type: number]: string } = { 1: 'sha256', 7: 'sha384', 8: 'sha512' };

interface Head {
  readonly payload: number;
  readonly total: number;
  readonly fields: ReadonlyMap<number, number | Buffer>;
}

function headOf(artefact: Blob): Head | undefined {
  const head = header(artefact, 0, 16);
  if (head === undefined || !head.subarray(0, 4).equals(MAGIC)) return undefined;
  const size = head.readUInt32LE(12);
  const bytes = size <= 65_536 ? header(artefact, 16, size) : undefined;
  if (bytes === undefined) return undefined;
  return { payload: 16 + size, total: Number(head.readBigUInt64LE(4)), fields: fieldsOf(bytes) };
}

/** The one structure of the header: context tags with numbers, strings and octets (Matter TLV, appendix A). */
function fieldsOf(bytes: Buffer): Map<number, number | Buffer> {
  const found = new Map<number, number | Buffer>();
  for (let at = 1; found.size < 64; ) {
    const field = fieldAt(bytes, at);
    if (field === undefined) break;
    found.set(field.tag, field.value);
    at = field.next;
  }
  return found;
}

function fieldAt(bytes: Buffer, at: number): { tag: number; value: number | Buffer; next: number } | undefined {
  const [control = 0, tag = 0] = bytes.subarray(at, at + 2);
  const type = control & 0x1f;
  const octets = type >= 0x0c && type <= 0x13;
  const start = at + 2 + 2 ** (type & 3);
  if (control >>> 5 !== 1 || (type > 7 && !octets) || start > bytes.length) return undefined;
  const number = Number(littleEndian(bytes.subarray(at + 2, start)));
  if (!octets) return { tag, value: number, next: start };
  return start + number > bytes.length
    ? undefined
    : { tag, value: bytes.subarray(start, start + number), next: start + number };
}

const littleEndian = (bytes: Buffer): bigint => bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);

export const matter: Verifier = {
  id: 'radio/matter',
  title: 'Matter over-the-air file',
  recognise: (artefact) => headOf(artefact) !== undefined,
  async verify(artefact, { signal }) {
    const head = headOf(artefact);
    const blank = blankVerdict(matter, 'matter-ota');
    if (head === undefined) return blank;
    const { payload: start, total, fields } = head;
    const end = Math.min(total, artefact.size);
    const faults: readonly Fault[] =
      total > artefact.size ? [{ kind: 'truncated', message: 'the file is shorter than its header states' }] : [];
    const hash = HASHES[Number(fields.get(8))];
    const stated = fields.get(9);
    const digest =
      hash === undefined || end < start ? undefined : await messageOf(artefact, [{ start, end }]).digest(hash, signal);
    const version = fields.get(3) ?? fields.get(2);
    return {
      ...blank,
      ...account(artefact.size, [{ start: 0, end, what: 'over-the-air file' }], []),
      ...(version === undefined ? {} : { version: String(version) }),
      hardware: [`vendor ${String(fields.get(0))}, product ${String(fields.get(1))}`],
      integrity:
        digest === undefined || !Buffer.isBuffer(stated)
          ? []
          : [
              {
                algorithm: (hash ?? '').toUpperCase(),
                over: 'payload',
                holds: digest.subarray(0, stated.length).equals(stated) && stated.length >= 4,
              },
            ],
      faults,
      notes: ['Matter binds the digest to the ledger, not to the file: the payload needs a signature of its own'],
    };
  },
};
