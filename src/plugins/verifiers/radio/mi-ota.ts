/** Signed firmware of Mijia (MiBLE) accessories: ECDSA over firmware and metadata, with the signer's certificates behind it. */
import { X509Certificate } from 'node:crypto';
import { type MiOta, miOtaOf } from '../../../codecs/formats/mi-ota.ts';
import { check } from '../../../codecs/signatures/check.ts';
import { heldBy } from '../../../codecs/signatures/cms.ts';
import { type Message, messageOf } from '../../../codecs/signatures/message.ts';
import { keyOfCertificate } from '../../../codecs/signatures/public-key.ts';
import { keyFacts, orBroken, type Signed, type Trust } from '../../../codecs/signatures/trust.ts';
import { account, blankVerdict, type Verifier } from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const SCHEME = { algorithm: 'ECDSA', hash: 'sha256', encoding: 'der' } as const;
const MOST_CERTIFICATES = 8;

export const miOta: Verifier = {
  id: 'radio/mi-ota',
  title: 'Mijia over-the-air firmware',
  recognise: (artefact) => miOtaOf(artefact) !== undefined,
  async verify(artefact, context) {
    const found = miOtaOf(artefact);
    const blank = blankVerdict(miOta, 'mi-ota');
    if (found === undefined) return blank;
    const message = messageOf(artefact, [{ start: 0, end: found.certificates }]);
    const signature = await orBroken(SCHEME.algorithm, () => signed(artefact, found, message, context));
    const payload = [
      { start: 0, end: found.trailer, what: 'firmware' },
      { start: found.trailer, end: found.certificates, what: 'metadata' },
      // What lies behind the trailer is no part of the format: nothing says what a device makes of it.
      ...(found.end < artefact.size ? [{ start: found.end, end: artefact.size, what: 'behind the trailer' }] : []),
    ];
    return {
      ...blank,
      ...account(artefact.size, payload, message.read),
      signed: true,
      signatures: [signature],
      ...(found.version === undefined ? {} : { version: found.version }),
      hardware: [
        ...(found.model === undefined ? [] : [found.model]),
        `product 0x${found.product.toString(16).padStart(4, '0')}`,
      ],
    };
  },
};

async function signed(artefact: Blob, found: MiOta, message: Message, trust: Trust): Promise<Signed> {
  const certificates = certificatesOf(artefact.read(found.certificates, found.signature - found.certificates));
  const leaf = certificates.at(-1);
  if (leaf === undefined) throw new FaultError('malformed', 'it brings no certificate');
  const key = keyOfCertificate(leaf);
  const base = { algorithm: SCHEME.algorithm, hash: 'SHA-256', ...keyFacts(key) };
  const der = artefact.read(found.signature, 2);
  const bytes = artefact.read(found.signature, 2 + (der[1] ?? 0));
  const checked = await check(SCHEME, key, message, bytes, trust.signal);
  if (checked.outcome === 'refused') return { ...base, outcome: 'refused', message: checked.why };
  if (checked.outcome === 'bad')
    return { ...base, outcome: 'broken', message: 'does not hold for the key that comes with it' };
  // Real signers carry the purpose of a TLS server: no device asks for it.
  return { ...base, ...heldBy(trust, certificates, key, leaf, { anyPurpose: true }) };
}

/** PEM certificates one after another, and nothing else. */
function certificatesOf(bytes: Uint8Array): readonly X509Certificate[] {
  const blocks = Buffer.from(bytes)
    .toString('latin1')
    .split(/(?<=-----END CERTIFICATE-----\n?)(?=-----BEGIN)/);
  if (blocks.length > MOST_CERTIFICATES) throw new FaultError('over-budget', 'more than 8 certificates');
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new FaultError('malformed', 'a certificate of it cannot be read');
    }
  });
}
