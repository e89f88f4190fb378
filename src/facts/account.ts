/** Facts about accounts in an image. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const accountPassword = defineFact({
  name: 'account.password',
  title: 'A password stored in an image',
  over: 'root-file-system',
  secret: 'after-name',
  schema: object({
    account: text(),
    database: oneOf([
      'shadow',
      'passwd',
      'gshadow',
      'htpasswd',
      'htdigest',
      'mosquitto',
      'lighttpd',
      'samba',
      'ppp',
      'wpa',
      'config',
      'other',
    ]),
    file: text(),
    line: whole(),
    state: oneOf(
      ['usable', 'empty', 'locked', 'none'],
      'usable: a hash or a plain password that can be logged in with; none: the field points elsewhere.',
    ),
    scheme: oneOf([
      'des',
      'bigcrypt',
      'md5crypt',
      'apr1',
      'bcrypt',
      'sha256crypt',
      'sha512crypt',
      'yescrypt',
      'gost-yescrypt',
      'scrypt',
      'sunmd5',
      'sha1',
      'sha256',
      'sha512',
      'md5',
      'pbkdf2',
      'lm',
      'nt',
      'plain',
      'none',
      'unknown',
    ]),
    system: yes('An account of the operating system (passwd, shadow).'),
    uid: maybe(whole()),
    shell: maybe(text()),
    canLogIn: oneOf(['yes', 'no', 'unknown'], 'A login shell, and a service or getty through which to come.'),
    inForce: oneOf(
      ['yes', 'no', 'unknown'],
      'It stands in the file that the system asks, and its account has a login shell; through which door is another question.',
    ),
    forcedChange: yes('shadow last-change is 0.'),
    replacedAtFirstBoot: oneOf(['yes', 'no', 'unknown'], 'A script of the image sets it anew.'),
    cracked: oneOf(
      ['yes', 'no', 'unknown'],
      'no: every word of the list was tried, or there is no hash; unknown: not all were.',
    ),
    password: maybe(text('Named only if it stands in our public list.')),
    fingerprint: maybe(text('Of anything else that was found.')),
    crack: oneOf(['done', 'stopped', 'unsupported', 'not-needed', 'not-tried']),
  }),
});
export const accountUser = defineFact({
  name: 'account.user',
  title: 'An account of the operating system in an image',
  over: 'root-file-system',
  schema: object({
    account: text(),
    uid: whole(),
    gid: whole(),
    shell: text(),
    loginShell: yes(),
    superuser: yes(),
    duplicate: yes(),
    file: text(),
    line: whole(),
  }),
});
export const accountAuthorizedKey = defineFact({
  name: 'account.authorized-key',
  title: 'A public key in an image that may log in',
  over: 'root-file-system',
  schema: object({
    account: text(),
    type: text(),
    bits: maybe(count()),
    fingerprint: text(),
    comment: maybe(text()),
    file: text(),
    known: maybe(text()),
  }),
});
export const accountPrivilege = defineFact({
  name: 'account.privilege',
  title: 'A sudo or doas rule in an image',
  over: 'root-file-system',
  schema: object({ who: text(), rule: text(), withoutPassword: yes(), everything: yes(), file: text(), line: whole() }),
});
export const accountFirstBoot = defineFact({
  name: 'account.first-boot',
  title: 'A script of the image that sets passwords or makes keys when the device first boots',
  over: 'root-file-system',
  schema: object({
    what: oneOf(['password', 'host-key', 'certificate', 'wifi-key', 'identifier']),
    file: text(),
    line: whole(),
    accounts: list(text()),
    how: text(),
  }),
});
