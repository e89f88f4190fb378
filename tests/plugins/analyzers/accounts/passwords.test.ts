/** Stored passwords: their state, whether they let anyone in, and what our list opens. */
import { describe, expect, test } from 'vitest';
import {
  accountAuthorizedKey,
  accountFirstBoot,
  accountPassword,
  accountPrivilege,
  accountUser,
} from '../../../../src/facts/index.ts';
import { accountsFirstBoot } from '../../../../src/plugins/analyzers/accounts/first-boot.ts';
import { accountsPasswords } from '../../../../src/plugins/analyzers/accounts/passwords.ts';
import { accountsPrivileges } from '../../../../src/plugins/analyzers/accounts/privileges.ts';
import { accountsUsers } from '../../../../src/plugins/analyzers/accounts/users.ts';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { stepsOf } from '../../../support/steps.ts';
import { analyze, type Files, treeOf } from '../../../support/tree.ts';

const ANALYZERS = [servicesStart, accountsFirstBoot, accountsPasswords];
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/var/www:/bin/false\n';
const TELNET = {
  '/etc/inittab': '::sysinit:/etc/init.d/rcS\n',
  '/etc/init.d/rcS': '#!/bin/sh\ntelnetd &\n',
  '/usr/sbin/telnetd': 'x',
};
const QUIET = { '/etc/inittab': '::sysinit:/etc/init.d/rcS\n', '/etc/init.d/rcS': '#!/bin/sh\nmount -a\n' };

const passwordsOf = async (files: Files, settings = {}) =>
  (await analyze(ANALYZERS, treeOf(files), settings)).of(accountPassword);
const shadowOf = async (files: Files) => (await passwordsOf(files)).filter(({ database }) => database === 'shadow');

describe('a usable hash', () => {
  const shadow = 'root:rJ0FHsG0ZbyZo:19000:0:99999:7:::\nwww:*:19000::::::\n';

  test('lets in where Telnet always starts, and the list opens it', async () => {
    const [root, www] = await shadowOf({ ...TELNET, '/etc/passwd': PASSWD, '/etc/shadow': shadow });
    expect(root).toMatchObject({
      state: 'usable',
      scheme: 'des',
      canLogIn: 'yes',
      cracked: 'yes',
      password: 'ismart12',
      uid: 0,
    });
    expect(www).toMatchObject({ state: 'locked', canLogIn: 'no', crack: 'not-needed' });
  });

  test('lets nobody in where nothing takes a login', async () => {
    const [root] = await shadowOf({ ...QUIET, '/etc/passwd': PASSWD, '/etc/shadow': shadow });
    expect(root?.canLogIn).toBe('no');
  });

  test('may let in where what starts was not seen', async () => {
    const [root] = await shadowOf({ '/etc/passwd': PASSWD, '/etc/shadow': shadow });
    expect(root?.canLogIn).toBe('unknown');
  });

  test('lets in by a getty alone', async () => {
    const files = {
      ...QUIET,
      '/etc/inittab': '::sysinit:/etc/init.d/rcS\nttyS0::respawn:/sbin/getty -L ttyS0 115200 vt100\n',
    };
    const [root] = await shadowOf({ ...files, '/etc/passwd': PASSWD, '/etc/shadow': shadow });
    expect(root?.canLogIn).toBe('yes');
  });

  test('of an account without a login shell lets nobody in', async () => {
    const passwd = PASSWD.replace('/bin/sh', '/sbin/nologin');
    const [root] = await shadowOf({ ...TELNET, '/etc/passwd': passwd, '/etc/shadow': shadow });
    expect(root?.canLogIn).toBe('no');
  });

  test('with last change 0 demands a new one', async () => {
    const [root] = await shadowOf({ ...TELNET, '/etc/passwd': PASSWD, '/etc/shadow': shadow.replace('19000', '0') });
    expect(root?.forcedChange).toBe(true);
  });

  test('is replaced where a boot script sets a value of the unit’s own, and not where it sets a constant', async () => {
    const own = '#!/bin/sh\necho "root:$(nvram get serial)" | chpasswd\n';
    const same = '#!/bin/sh\necho "root:secret" | chpasswd\n';
    const base = { ...TELNET, '/etc/passwd': PASSWD, '/etc/shadow': shadow };
    expect((await shadowOf({ ...base, '/etc/init.d/S10pass': own }))[0]?.replacedAtFirstBoot).toBe('yes');
    expect((await shadowOf({ ...base, '/etc/init.d/S10pass': same }))[0]?.replacedAtFirstBoot).toBe('no');
  });

  test('that no list opens is told as tried, and as untried when there was no time', { timeout: 120_000 }, async () => {
    const files = {
      ...TELNET,
      '/etc/passwd': PASSWD,
      '/etc/shadow': 'root:$1$abcdefgh$0XW80wi.m3fCNH/c34qd2.:1::::::\n',
    };
    expect((await passwordsOf(files)).at(-1)).toMatchObject({ cracked: 'no', crack: 'done' });
    expect((await passwordsOf(files, { crackSeconds: 0 })).at(-1)).toMatchObject({
      cracked: 'unknown',
      crack: 'not-tried',
    });
  });
});

test('an empty password lets in by Telnet', async () => {
  const [root] = await shadowOf({ ...TELNET, '/etc/passwd': PASSWD, '/etc/shadow': 'root::0:0:99999:7:::\n' });
  expect(root).toMatchObject({ state: 'empty', canLogIn: 'yes', forcedChange: false });
});

test('an empty password of an account with a login shell is in force whatever lets it in', async () => {
  const empty = 'root::19000:0:99999:7:::\nwww::19000::::::\n';
  const files = { ...QUIET, '/etc/passwd': PASSWD, '/etc/shadow': empty, '/etc/shadow.bak': empty };
  const told = (await passwordsOf(files)).filter(({ database }) => database === 'shadow');
  expect(told.map(({ file, account, inForce, canLogIn }) => [file, account, inForce, canLogIn])).toEqual([
    ['/etc/shadow', 'root', 'yes', 'no'],
    ['/etc/shadow', 'www', 'no', 'no'],
    ['/etc/shadow.bak', 'root', 'unknown', 'no'],
    ['/etc/shadow.bak', 'www', 'no', 'no'],
  ]);
});

test('a shadow file that is pointed to and not there leaves open what password an account has', async () => {
  const gaps = async (files: Files) =>
    (await analyze(ANALYZERS, treeOf({ ...QUIET, ...files }))).gaps
      .map(({ unseen }) => unseen.message)
      .filter((message) => message.includes('shadow file'));
  expect(await gaps({ '/etc/passwd': PASSWD })).toHaveLength(1);
  expect(await gaps({ '/etc/passwd': PASSWD, '/etc/shadow': 'root:*:0::::::\n' })).toEqual([]);
  expect(await gaps({ '/etc/passwd': 'www:x:33:33::/var/www:/bin/false\n' })).toEqual([]);
});

test('a copy that boot puts in place counts, another copy is not known to', async () => {
  const hash = 'admin:$1$$iC.dUsGpxNNJGeOm1dFio/:0:0:root:/:/bin/sh\n';
  const copied = {
    ...TELNET,
    '/etc/init.d/rcS': '#!/bin/sh\ncp -p /etc/passwd.bak /var/passwd\ntelnetd &\n',
    '/etc/passwd.bak': hash,
  };
  expect((await passwordsOf(copied))[0]).toMatchObject({ account: 'admin', canLogIn: 'yes', password: '1234' });
  expect((await passwordsOf({ ...TELNET, '/etc/passwd.bak': hash }))[0]?.canLogIn).toBe('unknown');
});

test('passwords of servers are told beside the system’s', async () => {
  const files = {
    ...QUIET,
    '/etc/mosquitto/mosquitto_passwd':
      'cam:$6$JNbCeNB2SMfGFTaj$z38oYkr7Dyl4v9HEmZn/gcuaB8ouFTfdLlTBJqA7tMj8PlGQvMrWpXn5Nm/3wAmXAv7sVh2MFk1bjCIKQkOVCg==\n',
    '/var/www/.htpasswd': 'admin:$apr1$TqI9WECO$LHZB2DqRlk9nObiB6vJG9.\n',
    '/etc/ppp/chap-secrets': '# comment\n"user" * "admin" *\n',
  };
  const found = await passwordsOf(files);
  expect(found.map(({ database, scheme }) => `${database} ${scheme}`).sort()).toEqual([
    'htpasswd apr1',
    'mosquitto sha512',
    'ppp plain',
  ]);
  expect(found.find(({ database }) => database === 'ppp')).toMatchObject({ password: 'admin', cracked: 'yes' });
});

test('a program called passwd and a page about shadow hold no accounts', async () => {
  const files = {
    '/usr/bin/passwd': '\x7fELF\0\0',
    '/etc/pam.d/passwd': 'auth required pam_unix.so\n',
    '/usr/share/doc/shadow': 'root:x:y',
  };
  expect(await passwordsOf(files)).toEqual([]);
});

test('a million lines are bounded and told', async () => {
  const line = 'u:$1$abcdefgh$irWbblnpmw.5z7wgBnprh0:1::::::\n';
  const files = treeOf({ ...QUIET, '/etc/shadow': line.repeat(1_000_000) });
  let told = false;
  const { texts } = await stepsOf(async () => {
    const { gaps } = await analyze(ANALYZERS, files, { crackSeconds: 0 });
    told = gaps.some(({ unseen }) => unseen.kind === 'over-budget');
  });
  expect(told).toBe(true);
  // 5,000 passwords are judged, one line each, and the line that is one too many.
  expect(texts).toBeGreaterThan(5000);
  expect(texts).toBeLessThan(20_000);
});

test('bytes that are no text and lines without end do no harm', async () => {
  const noise = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 37) % 256));
  expect(await passwordsOf({ '/etc/shadow': noise, '/etc/passwd': 'a'.repeat(2_000_000) })).toEqual([]);
});

test('users, privileges and first-boot scripts', async () => {
  const files = {
    '/etc/passwd': 'root:x:0:0::/:/bin/sh\nsupport:x:0:0::/:/bin/sh\nnobody:x:99:99::/:/bin/false\n',
    '/etc/sudoers':
      'root ALL=(ALL) ALL\nDefaults env_reset\n%wheel ALL=(ALL) ALL\nweb ALL=(ALL) \\\n NOPASSWD: ALL\nop ALL=NOPASSWD: /sbin/reboot\n',
    '/etc/init.d/S50sshd': '#!/bin/sh\n# ssh-keygen -A\n[ -f /data/k ] || ssh-keygen -A\n',
  };
  const run = await analyze([accountsUsers, accountsPrivileges, accountsFirstBoot], treeOf(files));
  expect(
    run
      .of(accountUser)
      .map(({ account, superuser, duplicate, loginShell }) => [account, superuser, duplicate, loginShell]),
  ).toEqual([
    ['root', true, true, true],
    ['support', true, true, true],
    ['nobody', false, false, false],
  ]);
  expect(
    run
      .of(accountPrivilege)
      .map(({ who, withoutPassword, everything, line }) => [who, withoutPassword, everything, line]),
  ).toEqual([
    ['%wheel', false, true, 3],
    ['web', true, true, 4],
    ['op', true, false, 6],
  ]);
  expect(run.of(accountFirstBoot)).toMatchObject([{ what: 'host-key', line: 3 }]);
  expect(run.of(accountAuthorizedKey)).toEqual([]);
});

test('keys are made at first boot by a wrapped tool, by an option that stands in a variable, and by one that any tool takes', async () => {
  const told = async (content: string) =>
    (await analyze([accountsFirstBoot], treeOf({ '/etc/init.d/S50x': content })))
      .of(accountFirstBoot)
      .map(({ what, line }) => `${line} ${what}`);
  expect(await told('#!/bin/sh\n_dropbearkey -t rsa -f "$key"\n')).toEqual(['2 host-key']);
  expect(await told('#!/bin/sh\nDROPBEAR_ARGS="$DROPBEAR_ARGS -R"\ndropbear $DROPBEAR_ARGS\n')).toEqual(['2 host-key']);
  expect(await told('#!/bin/sh\nDROPBEAR_ARGS="-R"\ndropbear -R\n')).toEqual(['3 host-key']);
  expect(await told('#!/bin/sh\n#DROPBEAR_ARGS="-R"\nDROPBEAR_ARGS="-s -g"\n')).toEqual([]);
  expect(await told('#!/bin/sh\n$GENKEY -days 730 -newkey rsa:2048 -keyout /etc/k -out /etc/c\n')).toEqual([
    '2 certificate',
  ]);
});

describe('a password that a script hands to a server or sets', () => {
  test('is told with what the file holds that fills it, and lets in when the server starts', async () => {
    const [one] = await passwordsOf({
      '/etc/init.d/rcS': '#!/bin/sh\n/etc/init.d/S80telnetd.sh start\n',
      '/etc/init.d/S80telnetd.sh':
        '#!/bin/sh\nimage_sign=`cat /etc/config/image_sign`\ntelnetd -l /usr/sbin/login -u Alphanetworks:$image_sign -i br0 &\n',
      '/etc/config/image_sign': 'wrgn23_dlwbr_dir300b\n',
    });
    expect(one).toMatchObject({
      account: 'Alphanetworks',
      scheme: 'plain',
      state: 'usable',
      system: true,
      canLogIn: 'yes',
    });
  });

  test('is open where the script is not known to run', async () => {
    const [one] = await passwordsOf({
      ...TELNET,
      '/usr/bin/reset-password.sh': '#!/bin/sh\necho root:toor99 | chpasswd\n',
    });
    expect(one).toMatchObject({ account: 'root', canLogIn: 'unknown' });
  });
});

test('defaults of NVRAM and BusyBox httpd are told as passwords of services', async () => {
  const found = await passwordsOf({
    ...QUIET,
    '/etc/nvram.default': 'http_username=admin\nhttp_passwd=admin\nwl0_ssid=x\n',
    '/etc/httpd.conf': '/cgi-bin:root:toor\n',
    '/usr/share/doc/nvram.default': 'http_passwd=admin\n',
  });
  expect(found.map(({ file, account, database }) => `${file} ${account} ${database}`).sort()).toEqual([
    '/etc/httpd.conf root config',
    '/etc/nvram.default admin config',
  ]);
});

test('a key that fail-safe mode makes for itself is none of a first boot', async () => {
  const script = 'failsafe_netlogin () {\n\tdropbearkey -t rsa -f /tmp/dropbear_failsafe_host_key\n}\n';
  const { of } = await analyze(
    [accountsFirstBoot],
    treeOf({ '/lib/preinit/99_10_failsafe_dropbear': script, '/lib/preinit/90_keys': script }),
  );
  expect(of(accountFirstBoot).map(({ file }) => file)).toEqual(['/lib/preinit/90_keys']);
});

test('a hash of nothing is no password, whatever the scheme', async () => {
  const found = await passwordsOf({
    '/etc/passwd': PASSWD,
    '/etc/shadow': 'root:$1$synergy$O31nVEgYyKUdmjDRPUq8p.:19000:0:99999:7:::\n',
    '/etc/samba/smbpasswd':
      'admin:1024:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:31D6CFE0D16AE931B73C59D7E0C089C0:[U          ]:LCT-00001391:\n',
  });
  expect(
    found
      .filter(({ state }) => state === 'empty')
      .map(({ account, scheme }) => `${account} ${scheme}`)
      .sort(),
  ).toEqual(['admin nt', 'root md5crypt']);
});

test('files of users of thttpd, Pure-FTPd and lighttpd, and no lines of a configuration', async () => {
  const found = await passwordsOf({
    '/etc/thttpd/webdav.htdigest': 'administrator:webdav@device:e82cf2a35be7e6ed122c2c31aea3bf37',
    '/etc/pureftpd.passwd': 'cam:$1$Mbevu160$a9Tuy9sFD2Iqh.Hsy9yyk.:1001:1001::/mnt/sd/./::::::::::::\n',
    '/etc/lighttpd/auth.conf': 'admin:admin\n',
    '/etc/lighttpd/conf.d/auth.conf': 'auth.backend = "plain"\nauth.require = ( "/a:b" => ( "realm" => "x" ) )\n',
  });
  expect(found.map(({ file, account, scheme }) => `${file} ${account} ${scheme}`).sort()).toEqual([
    '/etc/lighttpd/auth.conf admin plain',
    '/etc/pureftpd.passwd cam md5crypt',
    '/etc/thttpd/webdav.htdigest administrator md5',
  ]);
});
