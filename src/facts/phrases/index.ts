/** What each fact says in words; types that are not here are told by the members that decided. */
import type { Fact } from '../../core/model/fact.ts';
import { ACCOUNT_PHRASES, KEY_PHRASES } from './accounts-and-keys.ts';
import { HTTP_PHRASES, LOGIN_PHRASES, NET_PHRASES, SSH_PHRASES, TLS_PHRASES } from './device.ts';
import { PROTOCOL_PHRASES } from './protocols.ts';
import { FILE_PHRASES, KERNEL_PHRASES, SERVICE_PHRASES } from './system.ts';
import { DECLARED_PHRASES, UPDATE_PHRASES } from './update.ts';

const PHRASES = new Map(
  [
    ACCOUNT_PHRASES,
    KEY_PHRASES,
    NET_PHRASES,
    LOGIN_PHRASES,
    TLS_PHRASES,
    SSH_PHRASES,
    HTTP_PHRASES,
    PROTOCOL_PHRASES,
    FILE_PHRASES,
    KERNEL_PHRASES,
    SERVICE_PHRASES,
    UPDATE_PHRASES,
    DECLARED_PHRASES,
  ]
    .flat()
    .map((one) => [one.type, one]),
);

/** A fact as an engineer would say it, or undefined where its type or its data gives no words. */
export function tell(fact: Fact): string | undefined {
  const words = PHRASES.get(fact.type)?.tell(fact.data);
  return words === '' ? undefined : words;
}
