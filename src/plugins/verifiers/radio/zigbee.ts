/** Zigbee over-the-air files (Zigbee Cluster Library 11.4): the header binds nothing; what is signed is the GBL inside, if any. */
import { header, textOf } from '../../../codecs/formats/fields.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import type { Fault } from '../../../lib/fault.ts';
import { gecko, isGecko } from './gecko.ts';

const MAGIC = 0x0beef11e;
const MOST_ELEMENTS = 1024;
const ELEMENT_SIGNATURE = 1;

/** Where the Zigbee file starts: at once, or within IKEA's signed wrapper. */
function startOf(artefact: Blob): number | undefined {
  const head = header(artefact, 0, 28);
  if (head === undefined) return undefined;
  if (head.readUInt32LE(0) === MAGIC) return isHead(artefact, 0) ? 0 : undefined;
  if (head.toString('latin1', 0, 4) !== 'NGIS') return undefined;
  const start = head.readUInt32LE(16);
  return start >= 28 && start < 65_536 && isHead(artefact, start) ? start : undefined;
}

const isHead = (artefact: Blob, at: number): boolean => {
  const head = header(artefact, at, 56);
  return head !== undefined && head.readUInt32LE(0) === MAGIC && head.readUInt16LE(4) === 0x0100;
};

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

function elementsOf(
  artefact: Blob,
  from: number,
  end: number,
): { readonly elements: Element[]; readonly rest: number } {
  const elements: Element[] = [];
  let at = from;
  while (at + 6 <= end && elements.length < MOST_ELEMENTS) {
    const head = header(artefact, at, 6);
    const next = at + 6 + (head?.readUInt32LE(2) ?? 0);
    if (head === undefined || next > end) break;
    elements.push({ tag: head.readUInt16LE(0), start: at + 6, end: next });
    at = next;
  }
  return { elements, rest: at };
}

export const zigbee: Verifier = {
  id: 'radio/zigbee',
  title: 'Zigbee over-the-air file',
  recognise: (artefact) => startOf(artefact) !== undefined,
  async verify(artefact, context) {
    const start = startOf(artefact) ?? 0;
    const head = Buffer.from(artefact.read(start, 56));
    const wrapped = start > 0;
    const stated = start + head.readUInt32LE(52);
    const end = Math.min(stated, artefact.size);
    const faults: Fault[] =
      stated > artefact.size ? [{ kind: 'truncated', message: 'the file is shorter than its header states' }] : [];
    const { elements, rest } = elementsOf(artefact, start + head.readUInt16LE(6), end);
    const inside = elements.find(({ tag, start: at, end: to }) => tag === 0 && isGecko(artefact.slice(at, to)));
    const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
    const base: UpdateVerdict = {
      ...blankVerdict(zigbee, 'zigbee-ota'),
      version: hex(head.readUInt32LE(14), 8),
      hardware: [`maker ${hex(head.readUInt16LE(10), 4)}, type ${hex(head.readUInt16LE(12), 4)}`],
      faults,
      notes: [
        textOf(head.subarray(20, 52)).trim(),
        ...(wrapped ? ['the outer IKEA signature is of a kind that is not published: it was not verified'] : []),
      ],
    };
    return inside === undefined
      ? bare(artefact, base, { start, end, elements, rest, wrapped })
      : within(artefact, base, inside, elements, context);
  },
};

/** No GBL inside: nothing here is signed, unless by an element, or an outer wrapper, that cannot be verified. */
function bare(
  artefact: Blob,
  base: UpdateVerdict,
  found: { start: number; end: number; elements: readonly Element[]; rest: number; wrapped: boolean },
): UpdateVerdict {
  const payload = [{ start: found.start, end: found.end, what: 'over-the-air file' }];
  if (found.wrapped || found.elements.some(({ tag }) => tag === ELEMENT_SIGNATURE))
    return {
      ...base,
      signed: true,
      signatures: [unverifiable(found.wrapped)],
      ...account(artefact.size, payload, payload),
    };
  // Bytes that follow no format could hold the maker's own signature: nothing is said of them.
  const unknown = found.elements.length === 0 || found.end - found.rest > 16 || looksRandom(artefact, found.elements);
  const faults: readonly Fault[] = unknown
    ? [
        ...base.faults,
        { kind: 'unrecognised', message: 'the payload is in a format of the maker, which may be signed' },
      ]
    : base.faults;
  return { ...base, ...account(artefact.size, payload, []), faults };
}

const unverifiable = (wrapped: boolean): UpdateVerdict['signatures'][number] => ({
  algorithm: wrapped ? 'IKEA wrapper' : 'ECDSA (sect163k1)',
  outcome: 'signer-unknown',
  message: 'of a kind that cannot be verified here',
});

/** A payload without any structure in its first bytes is encrypted or compressed. */
function looksRandom(artefact: Blob, elements: readonly Element[]): boolean {
  const image = elements.find(({ tag }) => tag === 0);
  if (image === undefined) return true;
  const bytes = artefact.read(image.start, Math.min(65_536, image.end - image.start));
  const counts = new Array<number>(256).fill(0);
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
  const bits = counts.reduce(
    (sum, count) => (count === 0 ? sum : sum - (count / bytes.length) * Math.log2(count / bytes.length)),
    0,
  );
  return bits > 7.9;
}

/** The GBL of the image element is what the device installs; other image elements have nobody to speak for them. */
async function within(
  artefact: Blob,
  base: UpdateVerdict,
  inside: Element,
  elements: readonly Element[],
  context: VerifyContext,
): Promise<UpdateVerdict> {
  const found = await gecko(artefact.slice(inside.start, inside.end), context);
  const shift = ({ start, end, what }: ByteRange): ByteRange => ({
    start: start + inside.start,
    end: end + inside.start,
    what,
  });
  const others = elements
    .filter((one) => one !== inside && one.tag === 0)
    .map((one) => ({ ...one, what: 'image element' }));
  const payload = [...found.uncovered.map(shift), ...others];
  return {
    ...base,
    ...found,
    ...(base.version === undefined ? {} : { version: base.version }),
    ...account(artefact.size, payload, found.covered.map(shift)),
    faults: [...base.faults, ...found.faults],
    notes: [...base.notes, ...found.notes],
  };
}
