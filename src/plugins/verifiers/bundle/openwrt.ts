/** OpenWrt sysupgrade images: metadata and a signature (usign, ucert) appended by fwtool. */
import { type FwChunk, fwChecksumHolds, fwtoolChunks } from '../../../codecs/formats/fwtool.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { openwrtSignatures } from '../../../codecs/signatures/ucert.ts';
import { account, blankVerdict, type Verifier } from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';

interface Metadata {
  readonly devices: readonly string[];
  readonly version?: string;
}

export const openwrt: Verifier = {
  id: 'bundle/openwrt',
  title: 'OpenWrt sysupgrade image',
  recognise: (artefact) => fwtoolChunks(artefact).length > 0,
  async verify(artefact, context) {
    const chunks = fwtoolChunks(artefact);
    // The device takes the signature that comes last, and judges all that lies before it.
    const signature = chunks.find(({ kind }) => kind === 'signature');
    const metadata = metadataOf(artefact, chunks);
    const blank = {
      ...blankVerdict(openwrt, 'openwrt-sysupgrade'),
      ...(metadata.version === undefined ? {} : { version: metadata.version }),
      hardware: metadata.devices,
      rollback: { protected: false },
      integrity: chunks.map((chunk) => ({
        algorithm: 'CRC-32',
        over: `all before the ${chunk.kind}`,
        holds: fwChecksumHolds(artefact, chunk),
      })),
    };
    const payload = payloadOf(artefact, chunks, signature);
    if (signature === undefined) return { ...blank, ...account(artefact.size, payload, []) };
    const message = messageOf(artefact, [{ start: 0, end: signature.start }]);
    const bytes = Buffer.from(artefact.read(signature.from, signature.to - signature.from));
    const signatures = await openwrtSignatures(context, bytes, message);
    // Without a key nothing was read: the signature is of all before it all the same.
    await message.digest('sha512', context.signal);
    return {
      ...blank,
      signed: true,
      signatures,
      ...account(artefact.size, payload, message.read),
      notes: ['a device looks at the signature only where its build demands one (REQUIRE_IMAGE_SIGNATURE)'],
    };
  },
};

/** The image, and chunks behind the signature: those are read by the device as well. */
function payloadOf(artefact: Blob, chunks: readonly FwChunk[], signature: FwChunk | undefined) {
  const first = chunks.at(-1)?.start ?? artefact.size;
  return [
    { start: 0, end: first, what: 'image' },
    ...chunks
      .filter((chunk) => chunk !== signature && chunk.kind !== 'signature')
      .map(({ kind, from, to }) => ({ start: from, end: to, what: kind })),
  ].filter(({ start, end }) => end > start);
}

function metadataOf(artefact: Blob, chunks: readonly FwChunk[]): Metadata {
  const chunk = chunks.find(({ kind }) => kind === 'metadata');
  if (chunk === undefined) return { devices: [] };
  try {
    const text = Buffer.from(artefact.read(chunk.from, chunk.to - chunk.from)).toString('utf8');
    const stated = JSON.parse(text.replace(/\0+\s*$/, '')) as {
      readonly supported_devices?: unknown;
      readonly version?: { readonly version?: unknown; readonly revision?: unknown };
    } | null;
    const devices = Array.isArray(stated?.supported_devices) ? stated.supported_devices : [];
    const version = [stated?.version?.version, stated?.version?.revision].filter((one) => typeof one === 'string');
    return {
      devices: devices.filter((one) => typeof one === 'string').slice(0, 64),
      ...(version.length > 0 ? { version: version.join(' ') } : {}),
    };
  } catch {
    // Metadata that is no JSON names no device: fwtool's own check would say so too.
    return { devices: [] };
  }
}
