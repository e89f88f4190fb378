/** RAUC bundles (RAUC reference, "Bundle Formats"): plain, verity and crypt. */
import { cmsType, OID, parseCms } from '../../../codecs/formats/cms.ts';
import { verityOf } from '../../../codecs/formats/dm-verity.ts';
import { header } from '../../../codecs/formats/fields.ts';
import { keyFileOf } from '../../../codecs/formats/key-file.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import {
  account,
  type ByteRange,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import type { Fault } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const MOST_SIGNATURE = 4 << 20;

/** The CMS lies before the last eight bytes, which state its size (big-endian). */
function signatureOf(artefact: Blob): Range | undefined {
  const size = header(artefact, artefact.size - 8, 8)?.readBigUInt64BE(0);
  if (size === undefined || size < 64n || size > MOST_SIGNATURE || Number(size) + 8 >= artefact.size) return undefined;
  const start = artefact.size - 8 - Number(size);
  const end = artefact.size - 8;
  const type = cmsType(artefact.read(start, end - start));
  return type === OID.signedData || type === OID.envelopedData ? { start, end } : undefined;
}

const isSquashfs = (artefact: Blob): boolean => Buffer.from(artefact.read(0, 4)).toString('latin1') === 'hsqs';

interface Judged {
  readonly signatures: UpdateVerdict['signatures'];
  readonly read: readonly Range[];
  readonly broken: readonly string[];
  readonly manifest?: ReturnType<typeof keyFileOf>;
  readonly form: string;
}

export const rauc: Verifier = {
  id: 'bundle/rauc',
  title: 'RAUC bundle',
  recognise: (artefact, { name }) =>
    signatureOf(artefact) !== undefined || (isSquashfs(artefact) && /\.raucb$/i.test(name)),
  async verify(artefact, context) {
    const place = signatureOf(artefact);
    const all = { start: 0, end: artefact.size, what: 'bundle' };
    if (place === undefined) {
      const message = 'no signature stands at its end: cut off, or never signed';
      return verdict(artefact, [all], { signatures: [], read: [], broken: [], form: 'unknown' }, [
        { kind: 'truncated', message },
      ]);
    }
    const payload = [{ start: 0, end: place.start, what: 'bundle' }];
    const bytes = artefact.read(place.start, place.end - place.start);
    if (cmsType(bytes) === OID.envelopedData) {
      const message = 'manifest and signature are encrypted for the device';
      const judged = { signatures: [], read: [], broken: [], form: 'crypt' };
      return verdict(artefact, payload, judged, [{ kind: 'encrypted', message }]);
    }
    return verdict(artefact, payload, await judge(artefact, place, bytes, context), []);
  },
};

async function judge(artefact: Blob, place: Range, bytes: Uint8Array, context: VerifyContext): Promise<Judged> {
  const cms = parseCms(bytes);
  if (cms.content === undefined) {
    const message = messageOf(artefact, [{ start: 0, end: place.start }]);
    return { signatures: await cmsSignatures(context, cms, message), read: message.read, broken: [], form: 'plain' };
  }
  const message = messageOf(memoryBlob(cms.content), [{ start: 0, end: cms.content.length }]);
  const signatures = await cmsSignatures(context, cms, message);
  const manifest = keyFileOf(cms.content.toString('utf8'));
  const form = manifest.get('bundle')?.get('format') ?? 'plain';
  const { read, broken } = await verity(artefact, place, manifest.get('bundle'), context);
  return { signatures, read, broken, manifest, form };
}

/** Both data and hash tree are made to agree with the root hash of the signed manifest. */
async function verity(
  artefact: Blob,
  place: Range,
  settings: ReadonlyMap<string, string> | undefined,
  context: VerifyContext,
): Promise<{ readonly read: readonly Range[]; readonly broken: readonly string[] }> {
  const [root, salt, size] = ['verity-hash', 'verity-salt', 'verity-size'].map((key) => settings?.get(key) ?? '');
  if (
    !/^[0-9a-f]{64}$/i.test(root ?? '') ||
    !/^([0-9a-f]{2}){0,256}$/i.test(salt ?? '') ||
    !/^\d{1,15}$/.test(size ?? '')
  )
    return { read: [], broken: ['the signed manifest names no hash of the payload'] };
  const tree = { start: place.start - Number(size), end: place.start };
  if (tree.start <= 0 || tree.start % 4096 !== 0 || tree.end % 4096 !== 0)
    return { read: [], broken: ['payload and hash tree are not of the size that the signed manifest states'] };
  const made = await verityOf(artefact.slice(0, tree.start), Buffer.from(salt ?? '', 'hex'), context);
  const read = [{ start: 0, end: place.start }];
  if (!made.root.equals(Buffer.from(root ?? '', 'hex')))
    return { read, broken: ['the payload is not the one whose hash was signed'] };
  const holds = made.tree.equals(Buffer.from(artefact.read(tree.start, tree.end - tree.start)));
  return { read, broken: holds ? [] : ['the hash tree does not fit the payload'] };
}

function verdict(
  artefact: Blob,
  payload: readonly ByteRange[],
  { signatures, read, broken, manifest, form }: Judged,
  faults: readonly Fault[],
): UpdateVerdict {
  const update = manifest?.get('update');
  const version = update?.get('version');
  const compatible = update?.get('compatible');
  return {
    format: form === 'unknown' ? 'rauc' : `rauc-${form}`,
    title: rauc.title,
    updateByNature: true,
    signed: signatures.length > 0,
    signatures,
    ...account(artefact.size, payload, read),
    integrity: [],
    broken,
    encrypted: form === 'crypt',
    ...(version === undefined ? {} : { version }),
    hardware: compatible === undefined ? [] : [compatible],
    faults,
    notes: form === 'plain' ? ['the plain format is checked once, not at each read: verity bundles are'] : [],
  };
}
