/** Fetches one host key of every kind that an SSH server offers and tells its size. */
import { fetchHostKey, fingerprintOf } from '../../../codecs/protocols/ssh-kex.ts';
import { parseSshPublicKey } from '../../../codecs/protocols/ssh-public-key.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { sshAlgorithm, sshHostKey } from '../../../facts/index.ts';
import { faultOf } from '../../../lib/fault.ts';

export const sshHostKeys: Probe = {
  id: 'ssh/host-keys',
  title: 'SSH host keys and their sizes',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [sshAlgorithm],
  produces: [sshHostKey],
  subjects: (facts) => endpointsOf(facts.of(sshAlgorithm)),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const offered = factsAt(context.facts.of(sshAlgorithm), subject)
      .filter((fact) => fact.data.kind === 'host-key')
      .map((fact) => fact.data.name);
    const shown = new Set<string>();
    const held: string[] = [];
    for (const algorithm of onePerKey(offered))
      if (!(await tell(subject, algorithm, shown, context))) held.push(algorithm);
    // A key that is held back again, where another one is shown, nobody gets to see.
    for (const algorithm of held) {
      if ((await tell(subject, algorithm, shown, context)) || shown.size > 0) continue;
      context.gap({ kind: 'closed', message: `host key ${algorithm}: the server closed where it was due` });
    }
  },
};

/** Several signature algorithms share one RSA key: the first of each key is asked for. */
function onePerKey(offered: readonly string[]): readonly string[] {
  const first = new Map<string, string>();
  for (const name of offered) {
    const certified = name.includes('-cert-v0');
    const key = /^(ssh-rsa|rsa-sha2-)/.test(name) ? `rsa${certified}` : name;
    if (!first.has(key)) first.set(key, name);
  }
  return [...first.values()];
}

/** False where the server hung up when the key was due; what else breaks is a gap. */
async function tell(
  endpoint: SubjectOf<'endpoint'>,
  algorithm: string,
  shown: Set<string>,
  context: ProbeContext,
): Promise<boolean> {
  try {
    return await look(endpoint, algorithm, shown, context);
  } catch (thrown) {
    const { kind, message } = faultOf(thrown);
    context.gap({ kind, message: `host key ${algorithm}: ${message}` });
    return true;
  }
}

async function look(
  endpoint: SubjectOf<'endpoint'>,
  algorithm: string,
  shown: Set<string>,
  { dial, signal, emit, keep, knowledge }: ProbeContext,
): Promise<boolean> {
  const stream = await dial.tcp(endpoint.host, endpoint.port, { signal });
  try {
    const reply = await fetchHostKey(stream, algorithm);
    if (reply === undefined) return false;
    const { blob } = reply;
    const fingerprint = fingerprintOf(blob);
    if (shown.has(fingerprint)) return true;
    shown.add(fingerprint);
    const key = parseSshPublicKey(blob);
    const evidence = [keep(blob, 'application/octet-stream')];
    const { keys } = knowledge('known-keys') as { readonly keys: { readonly [spki: string]: string } };
    const known = key.spki === undefined ? undefined : keys[key.spki];
    const data = { ...key, fingerprint, ...(known === undefined ? {} : { known }) };
    emit(sshHostKey, data, { where: 'K_S of the key exchange', evidence });
    return true;
  } finally {
    stream.destroy();
  }
}
