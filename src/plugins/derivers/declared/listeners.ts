/** Whether what listens is what the maker declares, and speaks what is declared. From absence only where all ports were tried. */
import type { Fact, Unseen } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { agreementListener, declaredListener, netPort, netService, netSweep } from '../../../facts/index.ts';

export const declaredListeners: Deriver = {
  id: 'declared/listeners',
  title: 'Listeners, declared and observed',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredListener, netPort, netService, netSweep],
  produces: [agreementListener],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const { complete } = context.facts.coverage(declaredListener.name, declaredListener.over);
    // Without a list nothing is undeclared; the gap that says so comes down from the declaration.
    if (!complete || context.facts.of(netSweep).length === 0) return Promise.resolve();
    compareOpen(context);
    compareDeclared(context);
    compareProtocols(context);
    return Promise.resolve();
  },
};

const nameOf = (port: { readonly port: number; readonly transport: string }): string =>
  `${port.port}/${port.transport}`;

function compareOpen({ facts, emit }: GatherContext): void {
  const declared = new Map(facts.of(declaredListener).map((fact) => [nameOf(fact.data), fact]));
  for (const port of facts.of(netPort)) {
    const name = nameOf(port.data);
    const fact = declared.get(name);
    emit(
      agreementListener,
      {
        topic: 'undeclared',
        agrees: fact !== undefined,
        declared: fact === undefined ? 'not declared' : name,
        observed: `${name} is open`,
      },
      { subject: port.subject, derivedFrom: fact === undefined ? [port] : [port, fact] },
    );
  }
}

function compareDeclared({ facts, emit, gap }: GatherContext): void {
  const sweeps = facts.of(netSweep).filter((fact) => fact.data.transport === 'tcp');
  const complete = sweeps.length > 0 && sweeps.every((fact) => fact.data.complete);
  const open = new Map<string, Fact>(facts.of(netPort).map((fact) => [nameOf(fact.data), fact]));
  for (const fact of facts.of(declaredListener)) {
    const declared = nameOf(fact.data);
    const seen = open.get(declared);
    if (seen !== undefined)
      emit(
        agreementListener,
        { topic: 'absent', agrees: true, declared, observed: 'open' },
        { derivedFrom: [fact, seen] },
      );
    else if (complete && fact.data.transport === 'tcp')
      emit(
        agreementListener,
        { topic: 'absent', agrees: false, declared, observed: 'not open' },
        { derivedFrom: [fact] },
      );
    else gap(unheard(declared));
  }
}

const unheard = (name: string): Unseen => ({
  kind: 'not-given',
  flag: name.endsWith('/udp') ? `a look at ${name} on the device itself` : '--ports all',
  message: `${name} is declared and did not answer: from outside nobody can tell whether it is there`,
});

/** What a declared protocol is called by what is spoken. Names that are not here are not compared. */
const SPOKEN: { readonly [declared: string]: { readonly protocol: string; readonly tls: boolean } } = {
  http: { protocol: 'http', tls: false },
  https: { protocol: 'http', tls: true },
  ssh: { protocol: 'ssh', tls: false },
  telnet: { protocol: 'telnet', tls: false },
  ftp: { protocol: 'ftp', tls: false },
  mqtt: { protocol: 'mqtt', tls: false },
  mqtts: { protocol: 'mqtt', tls: true },
  coap: { protocol: 'coap', tls: false },
  coaps: { protocol: 'coap', tls: true },
  snmp: { protocol: 'snmp', tls: false },
  dns: { protocol: 'dns', tls: false },
  ntp: { protocol: 'ntp', tls: false },
  tftp: { protocol: 'tftp', tls: false },
  mdns: { protocol: 'mdns', tls: false },
  ssdp: { protocol: 'ssdp', tls: false },
  rtsp: { protocol: 'rtsp', tls: false },
  rtsps: { protocol: 'rtsp', tls: true },
};

function compareProtocols({ facts, emit }: GatherContext): void {
  const declared = new Map(facts.of(declaredListener).map((fact) => [nameOf(fact.data), fact]));
  for (const service of facts.of(netService)) {
    const { subject, data } = service;
    const fact = subject.kind === 'endpoint' ? declared.get(nameOf(subject)) : undefined;
    const said = fact?.data.protocol?.toLowerCase() ?? '';
    if (fact === undefined || !Object.hasOwn(SPOKEN, said) || data.protocol === 'unknown') continue;
    emit(
      agreementListener,
      {
        topic: 'protocol',
        agrees: keeps(data, SPOKEN[said]),
        declared: `${nameOf(fact.data)} speaks ${said}`,
        observed: `${data.protocol}${data.tls ? ' inside TLS' : ''}`,
      },
      { subject, derivedFrom: [fact, service] },
    );
  }
}

/** More protection than declared contradicts nobody who relies on the declaration; less does. */
const keeps = (
  seen: { readonly protocol: string; readonly tls: boolean },
  said: { readonly protocol: string; readonly tls: boolean } | undefined,
): boolean => seen.protocol === said?.protocol && (seen.tls || !said.tls);
