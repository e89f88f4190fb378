/** What facts about accounts, keys and secrets of an image say. */
import type { DataOf } from '../../core/model/fact.ts';
import { accountAuthorizedKey, accountFirstBoot, accountPassword, accountPrivilege, accountUser } from '../account.ts';
import { keyServed, keyShared } from '../joined.ts';
import {
  keyCertificate,
  keyDhParameters,
  keyPrivate,
  keyTrustStore,
  secretSymmetric,
  secretToken,
  secretUrl,
  secretWifi,
} from '../key.ts';
import { day, type Phrase, parts, phrase } from './phrase.ts';

export const ACCOUNT_PHRASES: readonly Phrase[] = [
  phrase(accountPassword, (data) =>
    parts(
      `account ${data.account}: ${storedPassword(data)}`,
      data.canLogIn === 'unknown' && 'whether it can log in is not known',
      data.forcedChange && 'a change is forced',
      data.replacedAtFirstBoot === 'yes' && 'replaced at first boot',
    ),
  ),
  phrase(accountUser, (data) =>
    parts(
      `account ${data.account}: user id ${data.uid}`,
      data.duplicate && 'which another account has too',
      data.shell !== '' && `shell ${data.shell}`,
    ),
  ),
  phrase(accountAuthorizedKey, ({ account, type, comment, known }) =>
    parts(
      `a key ${type}${comment === undefined ? '' : ` "${comment}"`} logs in as ${account}`,
      known !== undefined && `publicly known: ${known}`,
    ),
  ),
  phrase(accountPrivilege, ({ who, rule }) => `${who}: ${rule}`),
  phrase(accountFirstBoot, ({ what, how }) => `first boot makes the ${what}: ${how}`),
];

/** The stored value in words. Passwords are named only where they stand in the public list. */
function storedPassword({ state, scheme, cracked, password, fingerprint }: DataOf<typeof accountPassword>): string {
  if (state === 'empty') return 'no password at all';
  if (state === 'locked') return 'locked';
  if (state === 'none') return 'no password here';
  const what = scheme === 'plain' ? 'a password in clear' : `${scheme} hash`;
  if (password !== undefined) return `${what} of the publicly known password "${password}"`;
  if (cracked === 'yes') return `${what} that was cracked${fingerprint === undefined ? '' : ` (${fingerprint})`}`;
  return what;
}

const keyName = ({ type, bits, curve }: { readonly type: string; readonly bits: number; readonly curve?: string }) =>
  curve === undefined ? `${type} key of ${bits} bits` : `${type} key on ${curve}`;

/** `lighttpd uses it (ssl.pemfile, /etc/lighttpd/lighttpd.conf line 12), and starts at boot`. */
function shownBy({ daemon, setting, file, line, started }: NonNullable<DataOf<typeof keyPrivate>['service']>): string {
  const place = file === undefined ? [] : [line === undefined ? file : `${file} line ${line}`];
  const boot = { always: ', which starts at boot', unknown: ', which may start', never: ', which nothing starts' };
  return `used by ${daemon}${boot[started]} (${[setting === 'default' ? 'its default' : setting, ...place].join(', ')})`;
}

export const KEY_PHRASES: readonly Phrase[] = [
  phrase(keyPrivate, (data) =>
    parts(
      `private ${keyName(data)}`,
      data.purpose !== 'unknown' && `for ${data.purpose}`,
      data.encrypted && (data.passphrase === undefined ? 'encrypted' : `its passphrase is "${data.passphrase}"`),
      data.known !== undefined && `publicly known: ${data.known}`,
      data.weaknesses.length > 0 && `weak: ${data.weaknesses.join(', ')}`,
      data.readableByOthers === 'yes' && 'readable by every user',
      data.service !== undefined && shownBy(data.service),
      data.service === undefined && data.referencedBy !== undefined && `named by ${data.referencedBy}`,
    ),
  ),
  phrase(keyCertificate, (data) =>
    parts(
      `certificate ${data.subject}`,
      `${data.keyType} ${data.keyBits} bits`,
      data.signatureHash !== 'none' && `signed with ${data.signatureHash}`,
      `until ${day(data.notAfter)}`,
      data.privateKeyInImage && 'its private key lies in the image',
      data.known !== undefined && `publicly known: ${data.known}`,
    ),
  ),
  phrase(keyTrustStore, (data) =>
    parts(
      `${data.certificates} authorities`,
      data.expired > 0 && `${data.expired} expired`,
      data.weak > 0 && `${data.weak} weak`,
      data.distrusted > 0 && `${data.distrusted} distrusted`,
      `the newest of ${day(data.newest)}`,
      data.testAuthority !== undefined && `a test authority: ${data.testAuthority}`,
    ),
  ),
  phrase(keyDhParameters, ({ bits, prime }) => `Diffie-Hellman parameters of ${bits} bits (${prime})`),
  phrase(secretToken, ({ kind, masked, confidence }) => `${kind} ${masked} (${confidence})`),
  phrase(secretUrl, ({ scheme, user, host }) => `${scheme}://${user}:…@${host}`),
  phrase(secretWifi, ({ role, ssid, security }) =>
    parts(`Wi-Fi ${role}${ssid === undefined ? '' : ` "${ssid}"`}`, `security ${security}`),
  ),
  phrase(secretSymmetric, ({ name }) => `symmetric key: ${name}`),
  phrase(keyServed, ({ kind, inImage, file, service }) =>
    inImage
      ? `the ${kind} key that is served lies in the image${file === undefined ? '' : `: ${file}`}${service === undefined ? '' : `, which ${service} uses`}`
      : `the ${kind} key that is served is not in the image`,
  ),
  phrase(keyShared, ({ what, shared, hosts }) =>
    shared ? `${hosts.join(' and ')} show the same ${what}` : `${hosts.join(' and ')} show different ones: ${what}`,
  ),
];
