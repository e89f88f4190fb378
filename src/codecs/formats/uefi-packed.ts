/** Sections of UEFI files that hold sections in another form: compressed ones and those of a GUID. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type Blob, memoryBlob } from '../../lib/blob.ts';
import { FaultError, faultOf } from '../../lib/fault.ts';
import { filterOf } from '../compression/bcj.ts';
import { unlzma } from '../compression/lzma.ts';
import { untiano } from '../compression/tiano.ts';
import { Fields } from './ordered-fields.ts';
import { guidOf, type Section, SectionType, sectionsOf } from './uefi-files.ts';

/** What one section may unpack to. */
const MOST = 256 * 2 ** 20;
const PROCESSED = 1;
/** The filter of code of x86, by its number in xz. */
const X86 = 4;

/** The sections that lie in a section, or undefined where it holds none; throws where they cannot be had. */
export function innerSections(stream: Blob, { type, start, dataAt, end }: Section): Blob | undefined {
  if (type === SectionType.disposable) return stream.slice(dataAt, end);
  if (type === SectionType.compressed) {
    const kind = new Fields(stream.read(dataAt, 5), true).u8(4);
    const data = stream.slice(dataAt + 5, end);
    if (kind === 0) return data;
    if (kind === 1) return standard(data);
    // A value that firmware of some vendors has for LZMA.
    if (kind === 2) return memoryBlob(unlzma(data.read(0, data.size), MOST));
    throw new FaultError('unsupported', `a section is compressed in the unknown way ${kind}`);
  }
  if (type !== SectionType.guided) return undefined;
  const head = new Fields(stream.read(dataAt, 20), true);
  const from = start + head.u16(16);
  if (from < dataAt + 20 || from > end) throw new FaultError('malformed', 'a section says its data lies outside of it');
  return guided(guidOf(head.slice(0, 16)), stream.slice(from, end), (head.u16(18) & PROCESSED) !== 0);
}

/** The standard has no word for which of the two variants it is: the one that sections come out of. */
function standard(data: Blob): Blob {
  const bytes = data.read(0, data.size);
  for (const positions of [4, 5] as const)
    try {
      const blob = memoryBlob(untiano(bytes, positions, MOST));
      for (const _ of sectionsOf(blob));
      return blob;
    } catch (thrown) {
      if (faultOf(thrown).kind !== 'malformed') throw thrown;
    }
  throw new FaultError('malformed', 'a section is no data of EFI compression');
}

function guided(guid: string, data: Blob, processed: boolean): Blob {
  const bytes = (): Uint8Array => data.read(0, data.size);
  switch (guid) {
    case 'ee4e5898-3914-4259-9d6e-dc7bd79403cf':
      return memoryBlob(unlzma(bytes(), MOST));
    case 'd42ae6bd-1352-4bfb-909a-ca72a6eae889': {
      // LZMA over code of x86 whose jumps were made absolute.
      const code = unlzma(bytes(), MOST);
      filterOf(X86, new Uint8Array(0))(code, 0);
      return memoryBlob(code);
    }
    case 'a31280ad-481e-41b6-95e8-127f4c984779':
      return memoryBlob(untiano(bytes(), 5, MOST));
    case '3d532050-5cda-4fd0-879e-0f7f630d5afb':
      // Two sizes stand before the stream.
      return memoryBlob(inflated(() => brotliDecompressSync(bytes().subarray(16), { maxOutputLength: MOST })));
    case '1d301fe9-be79-4353-91c2-d23bc959ae0c':
      return memoryBlob(inflated(() => gunzipSync(bytes(), { maxOutputLength: MOST })));
    // A CRC-32 before sections that are as they are.
    case 'fc1bcdb0-7d31-49aa-936a-a4600d9dd083':
      return data;
    default:
      if (!processed) return data;
      throw new FaultError('unsupported', `a section is packed in the way of ${guid}, which is not known`);
  }
}

function inflated(unpack: () => Uint8Array): Uint8Array {
  try {
    return unpack();
  } catch (thrown) {
    throw new FaultError('malformed', 'a section does not unpack', { cause: thrown });
  }
}
