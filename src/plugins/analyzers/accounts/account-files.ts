/** Which files of an image hold accounts, and of which kind. */
import type { FileEntry } from '../../../core/model/files.ts';

export type Database =
  | 'passwd'
  | 'shadow'
  | 'gshadow'
  | 'htpasswd'
  | 'htdigest'
  | 'mosquitto'
  | 'lighttpd'
  | 'samba'
  | 'ppp';

/** Users of Pure-FTPd: `user:hash:uid:gid:…`. */
export const PURE_FTPD = /^pure-?ftpd\.passwd$/;
/** What lighttpd's configuration names as its file of users, beside it. */
const LIGHTTPD_USERS = /\/lighttpd\/(auth|users?|passwd|password|plain)(\.(conf|user|users|txt|plain|passwd|db))?$/;

const NAMES: readonly (readonly [RegExp, Database])[] = [
  [
    /^(master\.)?passwd([-~]|[._-](bak|back|backup|old|orig|default|def|factory|sample|ro|init|tmpl|template|org|new))?$/,
    'passwd',
  ],
  [/^passwd[._-]?(default|orig|ro|init|factory)$/, 'passwd'],
  [/^(default|orig|init)[._-]passwd$/, 'passwd'],
  [
    /^shadow([-~]|[._-](bak|back|backup|old|orig|default|def|factory|sample|ro|init|tmpl|template|org|new))?$/,
    'shadow',
  ],
  [/^(default|orig|init)[._-]shadow$/, 'shadow'],
  [/^gshadow-?$/, 'gshadow'],
  [/^\.?htpasswd([._-]\w{1,16})?$/, 'htpasswd'],
  [/\.htpasswd$/, 'htpasswd'],
  [/^\.?htdigest([._-]\w{1,16})?$/, 'htdigest'],
  [/\.htdigest$/, 'htdigest'],
  [PURE_FTPD, 'htpasswd'],
  [/^(mosquitto[._-]?(passwd|password|pwfile)|pwfile|passwordfile)(\.\w{1,10})?$/, 'mosquitto'],
  [/^lighttpd[._-]?(user|users|htdigest|htpasswd|plain|auth)(\.\w{1,10})?$/, 'lighttpd'],
  [/^(smbpasswd|passdb\.tdb)$/, 'samba'],
  [/^(chap|pap)-secrets$/, 'ppp'],
];

export const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** The kind of account file that a name says; the content must bear it out. */
export function databaseOf(file: FileEntry): Database | undefined {
  if (file.type !== 'file' || file.linkTo !== undefined || file.size === 0) return undefined;
  const base = baseOf(file.name);
  if (LIGHTTPD_USERS.test(file.name)) return 'lighttpd';
  const database = NAMES.find(([shape]) => shape.test(base))?.[1];
  if (database === undefined) return undefined;
  // Programs, manual pages, completions and PAM services bear these names too.
  if (/\/(s?bin|pam\.d|man\d?|doc|completions|lintian|locale|default\/useradd|cron\.\w+|init\.d)\//.test(file.name))
    return undefined;
  if (database === 'passwd' && /mosquitto/.test(file.name)) return 'mosquitto';
  if (database === 'passwd' && /lighttpd|httpd|nginx|www/.test(file.name)) return 'htpasswd';
  return database;
}

/** Whether it is the file that the system itself asks, not a copy. */
export const isEffective = (file: FileEntry): boolean => file.name === '/etc/passwd' || file.name === '/etc/shadow';

/** Shells that let nobody in; an empty field is /bin/sh (passwd(5)). */
export const isLoginShell = (shell: string): boolean =>
  !/(^|\/)(nologin|false|true|sync|shutdown|halt|null|reboot|poweroff|sftp-server|git-shell)$/.test(shell);
