/** Whether the keys that an image trusts for updates are those that the maker declares. */
import type { Fact } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { agreementTrustedKey, declaredKey, updateTrustedKey } from '../../../facts/index.ts';

export const declaredTrustedKeys: Deriver = {
  id: 'declared/trusted-keys',
  title: 'Keys that the image trusts for updates, declared and seen',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredKey, updateTrustedKey],
  produces: [agreementTrustedKey],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    if (context.facts.of(declaredKey).length > 0) compare(context);
    return Promise.resolve();
  },
};

type Open = (message: string) => void;

function compare(context: GatherContext): void {
  const open: Open = (message) => context.gap({ kind: 'unrecognised', message }, { area: 'root-file-system' });
  const told = compareTrusted(context, open);
  if (told && context.facts.coverage(updateTrustedKey.name, 'root-file-system').complete)
    compareDeclared(context, open);
}

/** Each trusted key; whether of all of them could be told if they are declared. */
function compareTrusted({ facts, emit }: GatherContext, open: Open): boolean {
  const keys = facts.of(declaredKey);
  const declared = namesOf(keys).join(' or ');
  const certified = keys.some(({ data }) => data.kind === 'certificate');
  let told = true;
  for (const fact of facts.of(updateTrustedKey)) {
    const { tool, file, fingerprint, sampleKey, expires } = fact.data;
    const own = keys.filter(({ data }) => data.fingerprint === fingerprint);
    const grounds = { subject: fact.subject, derivedFrom: [fact, ...own] };
    const observed = `${tool} trusts ${sampleKey ?? fingerprint.slice(0, 16)} in ${file}`;
    const agrees = own.length > 0;
    if (agrees || !certified || expires === undefined || sampleKey !== undefined)
      emit(agreementTrustedKey, { topic: 'undeclared', agrees, declared, observed }, grounds);
    else {
      // An authority may have issued the certificate that is declared: facts name no issuer.
      open(`${file}: whether this certificate issued a declared one cannot be told`);
      told = false;
    }
  }
  return told;
}

/** Keys of a boot loader or of a client of the maker's own lie elsewhere: beside one declared key that is trusted others may be missing. */
function compareDeclared({ facts, emit }: GatherContext, open: Open): void {
  const trusted = facts.of(updateTrustedKey);
  if (trusted.length === 0) return;
  const keys = facts.of(declaredKey);
  const prints = new Set(trusted.map(({ data }) => data.fingerprint));
  const found = new Set(namesOf(keys.filter(({ data }) => prints.has(data.fingerprint))));
  const grounds = { derivedFrom: [...trusted, ...keys] };
  const tell = (agrees: boolean, declared: string, observed: string): void => {
    emit(agreementTrustedKey, { topic: 'absent', agrees, declared, observed }, grounds);
  };
  if (found.size === 0) {
    tell(false, namesOf(keys).join(' or '), 'update clients of the image trust other keys only');
    return;
  }
  for (const name of namesOf(keys)) {
    if (found.has(name)) tell(true, name, 'trusted by an update client of the image');
    else open(`${name} is declared and not where known update clients keep their keys`);
  }
}

const namesOf = (keys: readonly Fact<{ readonly name: string }>[]): readonly string[] => [
  ...new Set(keys.map(({ data }) => data.name)),
];
