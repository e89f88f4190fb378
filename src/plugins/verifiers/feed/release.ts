/** apt's `InRelease`, and `Release` with `Release.gpg`: OpenPGP over hashes of indices, which hold hashes of packages. */
import { cleartextOf, isCleartext } from '../../../codecs/formats/cleartext.ts';
import { type Release, releaseOf, stanzasOf } from '../../../codecs/formats/feed.ts';
import { unpackedIndex } from '../../../codecs/formats/packed-index.ts';
import { besideOf, detachedSignatures } from '../../../codecs/signatures/detached.ts';
import { type Compared, comparedNote, compareListed, packagesIn } from '../../../codecs/signatures/listed.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { pgpCleartext } from '../../../codecs/signatures/openpgp.ts';
import { orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import { account, blankVerdict, type Verifier, type VerifyContext } from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const HEAD = 64 * 1024;

/** Lists of hashes, and fields that only a Release has. */
function recognises(artefact: Blob): boolean {
  const head = Buffer.from(artefact.read(0, HEAD)).toString('latin1');
  return (
    /^(SHA256|MD5Sum|SHA1|SHA512):[ \t]*\r?$/m.test(head) &&
    /^(Origin|Suite|Codename|Date|Label|Components): \S/m.test(head) &&
    !head.includes('\0')
  );
}

export const release: Verifier = {
  id: 'feed/release',
  title: 'Release file of apt',
  recognise: recognises,
  async verify(artefact, context) {
    const { text, signatures, ranges, signed } = await read(artefact, context);
    const stated = releaseOf(text);
    const version = stated.fields.get('version') ?? stated.fields.get('codename');
    const blank = {
      ...blankVerdict(release, 'apt-release'),
      ...(version === undefined ? {} : { version }),
      rollback: rollbackOf(stated),
    };
    const payload = ranges.map((range) => ({ ...range, what: 'release' }));
    if (!signed) return { ...blank, ...account(artefact.size, payload, []) };
    const indices = await compareListed(context, stated.files);
    const inside = await packagesOf(stated, context);
    // Indices that only MD5 or SHA-1 binds are bound by nothing.
    const bound = stated.files.length > 0;
    return {
      ...blank,
      signed,
      signatures,
      ...account(artefact.size, payload, bound ? ranges : []),
      broken: [...indices.broken, ...inside.broken, ...staleness(stated, context.now)],
      notes: [comparedNote(indices, 'indices'), comparedNote(inside, 'packages of indices given')],
    };
  },
};

/** apt takes no signature by a key that has ended, whenever it was made (`EXPKEYSIG`). */
const asApt = (one: Signed): Signed =>
  one.keyExpired === undefined
    ? one
    : { ...one, outcome: 'refused', message: `the key ended on ${one.keyExpired.slice(0, 10)}` };

interface Read {
  readonly text: string;
  readonly signatures: readonly Signed[];
  readonly ranges: readonly Range[];
  readonly signed: boolean;
}

async function read(artefact: Blob, context: VerifyContext): Promise<Read> {
  if (!isCleartext(artefact)) {
    const all = [{ start: 0, end: artefact.size }];
    const message = messageOf(artefact, all);
    const beside = besideOf(context);
    const text = message.bytes().toString('latin1');
    const signatures = beside.length === 0 ? [] : await detachedSignatures(context, beside, message);
    return { text, signatures: signatures.map(asApt), ranges: all, signed: beside.length > 0 };
  }
  const { document, text, ranges } = cleartextOf(artefact);
  const others: Signed[] = [];
  const first = await orBroken('OpenPGP', async () => {
    const [one, ...rest] = await pgpCleartext(context, document, text);
    if (one === undefined) throw new FaultError('malformed', 'a signed document without a signature');
    others.push(...rest);
    return one;
  });
  return { text, signatures: [first, ...others].map(asApt), ranges, signed: true };
}

/** `Valid-Until` is what keeps an old index from being played again. */
function rollbackOf({ fields }: Release): { readonly protected: boolean; readonly value?: string } {
  const until = fields.get('valid-until');
  return until === undefined ? { protected: false } : { protected: true, value: `valid until ${until}` };
}

function staleness({ fields }: Release, now: Date): readonly string[] {
  const until = fields.get('valid-until');
  const date = until === undefined ? Number.NaN : Date.parse(until);
  return date < now.getTime() ? [`the index was valid until ${until ?? ''}`] : [];
}

/** Packages of those indices that lie beside; of an index that lies there in several forms the first speaks. */
async function packagesOf({ files }: Release, context: VerifyContext): Promise<Compared> {
  let total: Compared = { same: 0, absent: 0, broken: [] };
  const seen = new Set<string>();
  for (const { path } of files.filter((one) => INDEX.test(one.path))) {
    const plain = path.replace(INDEX, '$1Packages');
    const blob = seen.has(plain) || seen.size >= MOST_INDICES ? undefined : indexAt(path, context);
    if (blob === undefined) continue;
    seen.add(plain);
    const { index, broken } = opened(path, blob);
    const stanzas = index === undefined ? [] : stanzasOf(index);
    const loose = stanzas.filter(({ sha256 }) => sha256 === undefined).map(({ name }) => `${name} has no SHA-256`);
    const compared = await compareListed(context, packagesIn(stanzas));
    total = {
      same: total.same + compared.same,
      absent: total.absent + compared.absent,
      broken: [...total.broken, ...broken, ...compared.broken, ...loose.slice(0, 100)],
    };
  }
  return total;
}

const INDEX = /(^|\/)Packages(\.gz|\.xz)?$/;
const MOST_INDICES = 16;

const indexAt = (path: string, context: VerifyContext): Blob | undefined =>
  context.sibling(path) ?? context.sibling(path.split('/').at(-1) ?? '');

function opened(path: string, blob: Blob): { readonly index?: Blob; readonly broken: readonly string[] } {
  try {
    return { index: unpackedIndex(blob) ?? blob, broken: [] };
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return { broken: [`${path}: ${error.fault.message}`] };
  }
}
