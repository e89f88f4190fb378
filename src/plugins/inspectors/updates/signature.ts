/** What the signatures of an update artefact are worth: who signed, how much is covered, what only guards against accident. */

import type { GatherContext, Inspector } from '../../../core/model/gatherer.ts';
import { isWhole, overall, type UpdateVerdict } from '../../../core/model/verifier.ts';
import {
  updateArtefact,
  updateCoverage,
  updateIntegrity,
  updateSignature,
  updateSigned,
  updateVersion,
} from '../../../facts/index.ts';
import { sizeOf } from '../../../lib/ranges.ts';
import { safeText } from '../../../lib/text.ts';

const SIGNED = [updateSigned, updateSignature, updateCoverage];

export const updatesSignature: Inspector = {
  id: 'updates/signature',
  title: 'Signatures of update artefacts',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [updateArtefact, updateSigned, updateSignature, updateCoverage, updateIntegrity, updateVersion],
  // The engine hands every artefact over.
  subjects: () => [],
  async observe({ update }, context) {
    const verdicts = await context.verify(context.artefact);
    if (verdicts.length === 0)
      context.gap({
        kind: 'unrecognised',
        message: `no update format that assay knows recognises ${safeText(update)}`,
      });
    for (const verdict of verdicts) tell(verdict, context.artefact.size, context);
  },
};

function tell(verdict: UpdateVerdict, size: number, context: GatherContext): void {
  const { format } = verdict;
  const version = verdict.version === undefined ? {} : { version: safeText(verdict.version) };
  context.emit(updateArtefact, {
    format,
    byNature: verdict.updateByNature,
    ...version,
    encrypted: verdict.encrypted,
    hardware: verdict.hardware.map((one) => safeText(one)),
    size,
  });
  for (const fault of verdict.faults) context.gap(fault, { facts: SIGNED });
  // What could not be read to its end may be signed all the same: that it is unsigned is said of whole artefacts only.
  if (verdict.signed || verdict.faults.length === 0) tellSigned(verdict, context);
  for (const { algorithm, over, holds } of verdict.integrity)
    context.emit(updateIntegrity, { algorithm, of: safeText(over), holds });
  if (verdict.rollback !== undefined) context.emit(updateVersion, { format, ...verdict.rollback });
}

function tellSigned(verdict: UpdateVerdict, context: GatherContext): void {
  const { format, signed } = verdict;
  const word = overall(verdict);
  const message = safeText(
    signed
      ? [...verdict.broken, ...verdict.signatures.map((one) => one.message)].slice(0, 8).join('; ')
      : `${verdict.title} without a signature`,
  );
  // Keys are given by the user or the declaration because updates are to be signed with them.
  const declaredAbsent = !signed && context.settings.keys.length > 0;
  context.emit(updateSigned, { format, signed, verdict: word, declaredAbsent, message });
  if (word === 'signer-unknown')
    context.gap(
      { kind: 'not-given', flag: '--key', message: 'the public key or certificate that updates are signed with' },
      { facts: [updateSigned, updateSignature] },
    );
  if (!signed) return;
  for (const one of verdict.signatures) tellSignature(format, one, context);
  const whole = isWhole(verdict);
  context.emit(updateCoverage, {
    format,
    coveredBytes: sizeOf(verdict.covered),
    uncoveredBytes: sizeOf(verdict.uncovered),
    whole,
    uncovered: verdict.uncovered
      .slice(0, 100)
      .map(({ start, end, what }) => `0x${start.toString(16)}..0x${end.toString(16)} ${safeText(what)}`),
  });
}

function tellSignature(format: string, one: UpdateVerdict['signatures'][number], context: GatherContext): void {
  const { certificate, sampleKey, signer, keyFingerprint } = one;
  context.emit(updateSignature, {
    format,
    algorithm: one.algorithm,
    hash: one.hash ?? 'unknown',
    keyType: one.keyType ?? 'unknown',
    keyBits: one.keyBits ?? 0,
    ...(keyFingerprint === undefined ? {} : { keyFingerprint }),
    ...(signer === undefined ? {} : { signer: safeText(signer) }),
    outcome: one.outcome,
    ...(sampleKey === undefined ? {} : { sampleKey }),
    ...(certificate === undefined
      ? {}
      : { certificateValid: certificate.valid, certificateExpires: certificate.notAfter }),
  });
}
