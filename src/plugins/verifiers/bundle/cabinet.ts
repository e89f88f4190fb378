/** Firmware cabinets of fwupd: each file by the signatures that a catalogue (`.jcat`) in the cabinet holds of it, or by `.asc`/`.p7b` files. */
import { type Cabinet, type CabinetFile, cabinetOf, isCabinet } from '../../../codecs/formats/cabinet.ts';
import { parseCms } from '../../../codecs/formats/cms.ts';
import { type JcatItem, jcatOf } from '../../../codecs/formats/jcat.ts';
import { pemBlocks } from '../../../codecs/formats/pem.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { jcatSays } from '../../../codecs/signatures/jcat.ts';
import { type Message, messageOf } from '../../../codecs/signatures/message.ts';
import { pgpDetached } from '../../../codecs/signatures/openpgp.ts';
import { orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Range, union, without } from '../../../lib/ranges.ts';

/** What speaks for other files and is not installed. */
const SPEAKS = /\.(jcat|asc|p7b|p7c)$/;
const MOST_SIGNATURES = 1 << 20;

export const cabinet: Verifier = {
  id: 'bundle/cabinet',
  title: 'Firmware cabinet (fwupd)',
  recognise: isCabinet,
  async verify(artefact, context) {
    const cab = cabinetOf(artefact);
    const contents = new Map(cab.files.map((file) => [file.name, contentOf(cab, file)]));
    const items = [...contents].filter(([name]) => name.endsWith('.jcat')).flatMap(([, bytes]) => jcatOf(bytes));
    const parts: Part[] = [];
    const integrity: UpdateVerdict['integrity'][number][] = [];
    for (const [name, bytes] of contents) {
      if (SPEAKS.test(name)) continue;
      const says = await memberSays(context, { name, bytes, items, contents });
      parts.push(...says.signatures.map((signature) => ({ signature, name })));
      integrity.push(...says.integrity.map((one) => ({ ...one, over: name })));
    }
    const counted = parts.some(({ signature }) => signature.outcome === 'verified')
      ? parts.filter(({ signature }) => signature.outcome === 'verified')
      : parts;
    const held = new Set(counted.map(({ name }) => name));
    const metainfo = [...contents].find(([name]) => /\.metainfo\.xml$/.test(name))?.[1];
    const version = /<release\b[^>]*?\bversion="([^"]{1,60})"/.exec(metainfo?.toString('utf8', 0, 1 << 16) ?? '')?.[1];
    return {
      ...blankVerdict(cabinet, 'fwupd-cab'),
      // Drivers and setups come in cabinets too.
      updateByNature: metainfo !== undefined,
      signed: parts.length > 0,
      signatures: parts.map(({ signature, name }) => ({ ...signature, message: `${name}: ${signature.message}` })),
      ...account(artefact.size, payloadOf(artefact, cab, held), coveredBy(cab, held)),
      integrity,
      ...(version === undefined ? {} : { version }),
    };
  },
};

interface Part {
  readonly signature: Signed;
  readonly name: string;
}

const contentOf = ({ folders }: Cabinet, { folder, start, end }: CabinetFile): Buffer =>
  folders[folder]?.bytes.subarray(start, end) ?? Buffer.alloc(0);

interface Member {
  readonly name: string;
  readonly bytes: Buffer;
  readonly items: readonly JcatItem[];
  readonly contents: ReadonlyMap<string, Buffer>;
}

async function memberSays(
  context: VerifyContext,
  { name, bytes, items, contents }: Member,
): Promise<Awaited<ReturnType<typeof jcatSays>>> {
  const message = messageOf(memoryBlob(bytes), [{ start: 0, end: bytes.length }]);
  const { signatures, integrity } = await jcatSays(context, items, name, message);
  const beside = await Promise.all([
    ofFile('OpenPGP', contents.get(`${name}.asc`), (bytes) => pgpDetached(context, bytes, message.bytes())),
    ofFile('CMS', contents.get(`${name}.p7b`), (bytes) => cms(context, bytes, message)),
  ]);
  return { signatures: [...signatures, ...beside.flat()], integrity };
}

const cms = (context: VerifyContext, bytes: Buffer, message: Message): Promise<readonly Signed[]> =>
  cmsSignatures(context, parseCms(pemBlocks(bytes)[0]?.der ?? bytes), message);

/** Older cabinets hold a signature file for each file. */
async function ofFile(
  algorithm: string,
  bytes: Buffer | undefined,
  verify: (bytes: Buffer) => Promise<readonly Signed[]>,
): Promise<readonly Signed[]> {
  if (bytes === undefined) return [];
  const rest: Signed[] = [];
  const first = await orBroken(algorithm, async () => {
    if (bytes.length > MOST_SIGNATURES) throw new FaultError('over-budget', `a signature of ${bytes.length} bytes`);
    const [one, ...others] = await verify(bytes);
    if (one === undefined) throw new FaultError('malformed', 'it holds no signature');
    rest.push(...others);
    return one;
  });
  return [first, ...rest];
}

const overlaps = (one: Range, other: Range): boolean => one.start < other.end && other.start < one.end;
const isInstalled = ({ name }: CabinetFile): boolean => !SPEAKS.test(name);

/** Where the bytes of a file lie; of a packed folder it is the blocks that it has a part in. */
function placesOf({ folders }: Cabinet, file: CabinetFile): readonly Range[] {
  const { blocks = [], stored = false } = folders[file.folder] ?? {};
  return blocks
    .filter((block) => overlaps(block, file))
    .map(({ start, end, place }) =>
      stored
        ? { start: place.start + Math.max(0, file.start - start), end: place.start + Math.min(end, file.end) - start }
        : place,
    );
}

/** What is installed; what follows the cabinet is in no format, and what lies in it without belonging to a file is of no use but mischief. */
const payloadOf = (artefact: Blob, cab: Cabinet, held: ReadonlySet<string>): readonly ByteRange[] => [
  ...cab.files
    .filter(isInstalled)
    .flatMap((file) => placesOf(cab, file).map((place) => ({ ...place, what: file.name }))),
  // An empty file has no bytes to show but those that name it.
  ...cab.files
    .filter((file) => isInstalled(file) && file.start === file.end && !held.has(file.name))
    .map(({ name, record }) => ({ ...record, what: name })),
  ...ofNoFile(cab).map((range) => ({ ...range, what: 'data of no file' })),
  ...(artefact.size > cab.size ? [{ start: cab.size, end: artefact.size, what: 'behind the cabinet' }] : []),
];

function ofNoFile(cab: Cabinet): readonly Range[] {
  const owned = union(cab.files.flatMap((file) => placesOf(cab, file)));
  return cab.folders.flatMap(({ blocks }) => blocks.flatMap(({ place }) => without(place, owned)));
}

/** A packed block is covered when each file that is installed from it is. */
function coveredBy(cab: Cabinet, held: ReadonlySet<string>): readonly Range[] {
  const loose = union(
    cab.files.filter((file) => isInstalled(file) && !held.has(file.name)).flatMap((file) => placesOf(cab, file)),
  );
  const found = cab.files
    .filter((file) => isInstalled(file) && held.has(file.name))
    .flatMap((file) => placesOf(cab, file));
  return union(found).flatMap((range) => without(range, loose));
}
