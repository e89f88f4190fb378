/** A declaration to fill in, with what a dossier shows written down, each line marked. */
import type { Fact } from '../core/model/fact.ts';
import {
  accountPassword,
  featurePresent,
  loginDefault,
  netService,
  sshAlgorithm,
  tlsCipher,
  tlsGroup,
  tlsProtocol,
} from '../facts/index.ts';
import { inertJson } from '../lib/json.ts';
import type { Seen } from './session.ts';

/** YAML by hand: comments are half of its use. JSON strings are YAML strings. */
export function declarationOf(seen: Seen | undefined): string {
  const head = seen?.head.target;
  const product = Object.entries(head?.product ?? {}).map(([name, value]) => `  ${name}: ${inertJson(value, 0)}`);
  return [
    '# What the maker states of the product. What was observed is filled in: confirm it, or say what is meant.',
    '# assay lint declaration.yaml tells every mistake; baselines/schema/declaration.schema.json completes in editors.',
    `product: ${product.length > 0 ? '' : '{}'}  # maker, model, hardware, software, serial`,
    ...product,
    'device:',
    `  state: ${head?.state ?? 'unknown'}  # factory, initialised or unknown: the state of the unit looked at`,
    '',
    '# What the product has: true, or {present: false, rationale: "why it has none"}.',
    ...features(seen?.facts ?? []),
    '',
    '# Ports on which it is meant to listen; any other open port is undeclared. [] says that there is none.',
    ...listeners(seen?.facts ?? []),
    '',
    '# Every account, with or without a login (login: false); any other that can log in is undeclared. [] says none.',
    '# through: http, ssh, console …; preset: unique, user-set, shared or none.',
    ...accounts(seen?.facts ?? []),
    '',
    '# What endpoints take; take out what is not meant to be taken.',
    ...cryptography(seen?.facts ?? []),
    '',
    '# Still missing, for nobody but the maker can say it:',
    '# keys:      [{ name: release, path: release.pem }]              keys that updates are signed with',
    '# support:   { until: 2031-12-31 }                                the support period',
    '# disclosure: { url: …, contact: true, acknowledgement: true, statusUpdates: true }',
    '# ics:       [{ provision: 5.1-1, support: "Y", detail: … }]      an answer for each provision',
    '# ixit:      { 1-AuthMech: [{ ID: AuthMech-1, … }] }              the 29 tables',
    '# opaque:    [{ sha256: …, what: Wi-Fi firmware, reason: … }]     parts of an image that need not be understood',
    '# attestations:                                                   your word on a unit (assay explain CONTROL)',
    '#   baseline/control/unit: { verdict: pass, by: name, on: 2026-01-31 }',
    '',
  ].join('\n');
}

function features(facts: readonly Fact[]): readonly string[] {
  const names = new Set<string>();
  for (const { type, data } of facts) {
    const { name, present } = data as { readonly name?: unknown; readonly present?: unknown };
    if (type === featurePresent.name && present === true && typeof name === 'string') names.add(name);
  }
  if (names.size === 0) return ['features: {}'];
  return ['features:', ...[...names].sort().map((name) => `  ${inertJson(name, 0)}: true  # observed`)];
}

function listeners(facts: readonly Fact[]): readonly string[] {
  const lines = new Set<string>();
  for (const { type, subject, data } of facts) {
    if (type !== netService.name || subject.kind !== 'endpoint') continue;
    const { protocol, tls } = data as { readonly protocol?: unknown; readonly tls?: unknown };
    const spoken =
      typeof protocol === 'string' && protocol !== 'unknown'
        ? `, protocol: ${inertJson(tls === true ? (SECURE[protocol] ?? protocol) : protocol, 0)}`
        : '';
    lines.add(`  - { port: ${subject.port}, transport: ${subject.transport}${spoken} }  # observed`);
  }
  // A list that is empty is an answer, and the maker's to give: what was not seen is left as an example.
  if (lines.size === 0) return ['# listeners: [{ port: 443, transport: tcp, protocol: https }]'];
  return ['listeners:', ...[...lines].sort()];
}

/** What a protocol is called when it is spoken inside TLS. */
const SECURE: { readonly [protocol: string]: string } = {
  http: 'https',
  mqtt: 'mqtts',
  coap: 'coaps',
  rtsp: 'rtsps',
};

/** Accounts that a password opens, in the image or on the device. */
function accounts(facts: readonly Fact[]): readonly string[] {
  const names = new Set<string>();
  for (const { type, data } of facts) {
    const { account, state, accepted } = data as { readonly [member: string]: unknown };
    const opens =
      (type === accountPassword.name && (state === 'usable' || state === 'empty')) ||
      (type === loginDefault.name && accepted === true);
    if (opens && typeof account === 'string' && account !== '') names.add(account);
  }
  if (names.size === 0) return ['# accounts: [{ account: admin, through: [http], preset: unique }]'];
  return ['accounts:', ...[...names].sort().map((name) => `  - { account: ${inertJson(name, 0)} }  # observed`)];
}

/** Which member of the declaration a fact's value goes to, and the value. */
function taken({ type, data }: Fact): readonly [protocol: string, list: string, value: unknown] | undefined {
  const { version, accepted, suite, group, kind, name } = data as { readonly [member: string]: unknown };
  const family = String(version).startsWith('DTLS') ? 'DTLS' : 'TLS';
  // The schema has no SSLv2: nobody means to take it.
  if (type === tlsProtocol.name && accepted === true && version !== 'SSLv2') return [family, 'versions', version];
  if (type === tlsCipher.name) return [family, 'suites', suite];
  if (type === tlsGroup.name) return ['TLS', 'groups', group];
  const list = type === sshAlgorithm.name ? SSH_LISTS[String(kind)] : undefined;
  return list === undefined ? undefined : ['SSH', list, name];
}
const SSH_LISTS: { readonly [kind: string]: string } = {
  kex: 'kex',
  'host-key': 'hostKeys',
  cipher: 'ciphers',
  mac: 'macs',
};

function cryptography(facts: readonly Fact[]): readonly string[] {
  const channels = new Map<string, Map<string, Set<string>>>();
  for (const fact of facts) {
    const found = taken(fact);
    if (found === undefined || fact.subject.kind !== 'endpoint') continue;
    const [protocol, list, value] = found;
    const channel = `${protocol} ${fact.subject.port}/${fact.subject.transport}`;
    const lists = channels.get(channel) ?? new Map<string, Set<string>>();
    channels.set(channel, lists);
    lists.set(list, (lists.get(list) ?? new Set<string>()).add(String(value)));
  }
  if (channels.size === 0)
    return ['# cryptography: [{ channel: web, protocol: TLS, ports: [443/tcp], versions: [TLSv1.2, TLSv1.3] }]'];
  const entries = [...channels]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([channel, lists]) => {
      const [protocol, port] = channel.split(' ');
      return [
        `  - channel: ${inertJson(channel, 0)}  # observed`,
        `    protocol: ${protocol}`,
        `    ports: [${port}]`,
        ...[...lists].map(([list, values]) => `    ${list}: ${inertJson([...values].sort(), 0)}`),
      ];
    });
  return ['cryptography:', ...entries];
}
