/** Whether update artefacts are signed with a key that the maker declares. */
import type { Fact } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { agreementKey, declaredKey, updateSignature, updateSigned } from '../../../facts/index.ts';

export const declaredUpdateKeys: Deriver = {
  id: 'declared/update-keys',
  title: 'Update keys, declared and seen',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredKey, updateSignature, updateSigned],
  produces: [agreementKey],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const keys = context.facts.of(declaredKey);
    if (keys.length > 0) compare(context, keys);
    return Promise.resolve();
  },
};

type Key = Fact<{ readonly name: string; readonly fingerprint: string }>;

function compare({ facts, emit, gap }: GatherContext, keys: readonly Key[]): void {
  const declared = `signed with ${keys.map((fact) => fact.data.name).join(' or ')}`;
  const prints = new Set(keys.map((fact) => fact.data.fingerprint));
  for (const fact of facts.of(updateSigned).filter(({ data }) => !data.signed)) {
    const grounds = { subject: fact.subject, derivedFrom: [fact] };
    emit(agreementKey, { topic: 'unsigned', agrees: false, declared, observed: 'not signed' }, grounds);
  }
  for (const fact of facts.of(updateSignature)) {
    const { outcome, keyFingerprint, sampleKey, signer } = fact.data;
    const agrees = agreesBy(outcome, sampleKey === undefined ? undefined : prints.has(keyFingerprint ?? ''));
    const other = `signed with ${signer ?? sampleKey ?? keyFingerprint ?? 'another key'}`;
    const grounds = { subject: fact.subject, derivedFrom: [fact] };
    const why = `whether a declared key signed it cannot be told (${outcome})`;
    if (agrees === undefined) gap({ kind: 'unrecognised', message: why }, { scope: fact.subject, area: 'update' });
    else emit(agreementKey, { topic: 'signature', agrees, declared, observed: agrees ? declared : other }, grounds);
  }
}

/** Whether a declared key signed: undefined where the outcome does not tell. A public sample key is known, whoever gave which. */
function agreesBy(outcome: string, sampleDeclared: boolean | undefined): boolean | undefined {
  if (outcome === 'verified') return true;
  return outcome === 'wrong-key' ? false : sampleDeclared;
}
