/** Facts about logins on live services. Passwords are named only where they stand in our public list. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, yes } from '../lib/schema.ts';

export const LOGIN_PROTOCOLS = [
  'http-basic',
  'http-digest',
  'http-form',
  'ssh',
  'telnet',
  'ftp',
  'mqtt',
  'snmp',
  'rtsp',
  'vnc',
] as const;
const state = oneOf(['factory', 'initialised', 'unknown']);

export const loginSurface = defineFact({
  name: 'login.surface',
  title: 'A place where a service asks for credentials',
  over: 'endpoint',
  schema: object({
    protocol: oneOf(LOGIN_PROTOCOLS),
    encrypted: yes('Credentials travel inside TLS or SSH.'),
    path: maybe(text()),
  }),
});

export const loginDefault = defineFact({
  name: 'login.default',
  title:
    'Whether a service takes a known default login; one fact a surface, negative when every pair tried was refused',
  over: 'endpoint',
  schema: object({
    protocol: oneOf(LOGIN_PROTOCOLS),
    accepted: yes('Taken, while a random pair was refused, with a positive proof.'),
    account: maybe(text()),
    password: maybe(text('From our public list; empty for none.')),
    tried: count('Pairs tried.'),
    exhausted: yes(
      'The whole list chosen for this surface was tried (false: budget or lock-out ended it; a gap stands beside it).',
    ),
    proof: maybe(text()),
    state,
    forcedChange: oneOf(['seen', 'not-seen', 'unknown'], 'Whether the device demands a new password after this login.'),
  }),
});

export const loginOpen = defineFact({
  name: 'login.open',
  title: 'Whether a service takes anybody: no credentials, or any',
  over: 'endpoint',
  schema: object({
    protocol: oneOf(LOGIN_PROTOCOLS),
    open: yes(),
    how: oneOf(['no-credentials', 'any-credentials', 'closed']),
    state,
  }),
});

export const loginThrottling = defineFact({
  name: 'login.throttling',
  title: 'How a service answers repeated wrong logins',
  over: 'endpoint',
  schema: object({
    protocol: oneOf(LOGIN_PROTOCOLS),
    throttled: yes(),
    signal: oneOf(['delay', 'lock-out', 'disconnect', 'status-429', 'none']),
    after: count('Wrong tries before it.'),
  }),
});

export const loginShared = defineFact({
  name: 'login.shared',
  title: 'A login that two units of a model take',
  over: 'target',
  schema: object({
    shared: yes(),
    value: text('Protocol, account and password of the public list.'),
    hosts: list(text()),
  }),
});
