import { describe, expect, test } from 'vitest';
import { servicesSettings } from '../../../../src/plugins/analyzers/services/settings.ts';
import { analyze } from '../../../support/analyze.ts';

type Files = Parameters<typeof analyze>[1];

const told = async (start: string, files: Files): Promise<readonly string[]> => {
  const { of } = await analyze([servicesSettings], { '/etc/init.d/rcS': `#!/bin/sh\n${start}\n`, ...files });
  return of('service.setting').map(
    ({ setting, weak, active, value }) =>
      `${String(setting)} ${{ true: 'weak', false: 'sound' }[String(weak)] ?? 'open'} ${String(active)} ${String(value)}`,
  );
};
const one = async (start: string, files: Files, setting: string): Promise<readonly string[]> =>
  (await told(start, files)).filter((row) => row.startsWith(`${setting} `));
const program = (version: string): { readonly content: string; readonly mode: number } => ({
  content: `\x7fELF\0\0\0${version}\0`,
  mode: 0o755,
});

describe('sshd as it reads itself (sshd -T says the same)', () => {
  const sshd = (config: string, files: Files = {}) =>
    told('/usr/sbin/sshd', { '/usr/sbin/sshd': program('OpenSSH_9.2p1'), '/etc/ssh/sshd_config': config, ...files });

  test.each([
    ['PermitRootLogin="yes" # c\nPasswordAuthentication yes\n', 'root-login weak yes yes'],
    ["permitrootlogin 'YES'\n", 'root-login weak yes YES'],
    ['PermitRootLogin\t=\tyes\r\n', 'root-login weak yes yes'],
    [
      'PermitRootLogin no\nMatch Address 192.168.0.0/16\n  PermitRootLogin yes\n',
      'root-login weak yes yes (Match Address 192.168.0.0/16)',
    ],
    ['Match all\nPermitRootLogin yes\n', 'root-login weak yes yes'],
    ['Ciphers aes256-ctr\nMACs hmac-md5\n', 'weak-ciphers weak yes hmac-md5'],
    ['Ciphers +3des-cbc\n', 'weak-ciphers weak yes +3des-cbc'],
    ['Ciphers -3des-cbc\n', 'weak-ciphers sound yes -3des-cbc'],
    [
      'PasswordAuthentication no\nUsePAM yes\n',
      'password-login weak yes UsePAM yes without KbdInteractiveAuthentication no',
    ],
    ['PermitRootLogin yes\nPasswordAuthentication no\n', 'root-login sound yes yes, and no passwords'],
    ['PermitRootLogin yes\nPasswordAuthentication no\nUsePAM yes\n', 'root-login weak yes yes'],
  ])('%j', async (config, expected) => {
    expect(await sshd(config)).toContain(expected);
  });

  test('files that it takes in hold where they stand', async () => {
    const more = { '/etc/ssh/sshd_config.d/10.conf': 'PermitRootLogin yes\n' };
    const after = 'PermitRootLogin no\nInclude sshd_config.d/*.conf\n';
    expect(await sshd('Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n', more)).toContain(
      'root-login weak yes yes',
    );
    expect(await sshd(after, more)).toContain('root-login sound yes no');
  });

  test('what it takes in and was not given leaves open what stands behind it, not what stands before', async () => {
    const rows = await sshd('PasswordAuthentication no\nInclude /data/ssh.conf\nPermitRootLogin no\n', {
      '/data': { type: '5', mode: 0o755 },
    });
    expect(rows).toContain('password-login sound yes no');
    expect(rows).toContain('root-login open yes not seen');
  });

  test('the start line names the file, and outweighs it', async () => {
    const files = {
      '/etc/ssh/sshd_config': 'PermitRootLogin no\n',
      '/opt/ssh.conf': 'PermitRootLogin yes\n',
      '/usr/sbin/sshd': program('OpenSSH_9.2p1'),
    };
    expect(await one('/usr/sbin/sshd -f /opt/ssh.conf', files, 'root-login')).toEqual([
      'root-login weak yes yes',
      'root-login sound unknown no',
    ]);
    expect(await one('/usr/sbin/sshd -o PermitRootLogin=yes', files, 'root-login')).toEqual([
      'root-login weak yes yes',
    ]);
    expect(await one('/usr/sbin/sshd -f /tmp/made.conf', files, 'root-login')).toEqual([
      'root-login open yes not seen',
      'root-login sound unknown no',
    ]);
  });

  test('what it does by default hangs on its version', async () => {
    const by = (version: string) =>
      one('/usr/sbin/sshd', { '/usr/sbin/sshd': program(version), '/etc/ssh/sshd_config': 'Port 22\n' }, 'root-login');
    expect(await by('OpenSSH_6.6p1')).toEqual(['root-login weak yes yes']);
    expect(await by('OpenSSH_7.0p1')).toEqual(['root-login sound yes prohibit-password']);
    expect(await by('nothing')).toEqual(['root-login open yes hangs on the version, which is not known']);
  });

  test('an SSH server without a configuration is open, not fine', async () => {
    const rows = await told('/usr/sbin/sshd', { '/usr/sbin/sshd': program('OpenSSH_9.2p1') });
    expect(rows).toContain('root-login open yes not seen');
    expect(rows.filter((row) => !row.includes(' open '))).toEqual([]);
  });
});

describe('web servers', () => {
  const nginx = (config: string, files: Files = {}) =>
    told('nginx', { '/usr/sbin/nginx': program('nginx/1.18.0'), '/etc/nginx/nginx.conf': config, ...files });

  test.each([
    ['http { ssl_protocols TLSv1.2; server { listen 443 ssl; ssl_protocols\n TLSv1; } }', 'tls-floor weak yes TLSv1'],
    ['http { server { listen 80; location /f { autoindex on; } } }', 'directory-listing weak yes on'],
    ['http { ssl_protocols TLSv1.2; # TLSv1\n }', 'tls-floor sound yes TLSv1.2'],
    ['http { server { listen 443 ssl; } }', 'tls-floor open yes its own'],
    ['http { ssl_ciphers ALL; }', 'weak-ciphers weak yes ALL'],
  ])('nginx: %j', async (config, expected) => {
    expect(await nginx(config)).toContain(expected);
  });

  test('nginx takes in files anywhere; sites that it does not take in do not count', async () => {
    const rows = await nginx('http { include /opt/www/*.conf; include sites-enabled/*; }', {
      '/opt/www/a.conf': 'server { autoindex on; }',
      '/etc/nginx/sites-available/b.conf': 'ssl_protocols TLSv1;',
    });
    expect(rows).toEqual(['directory-listing weak yes on', 'tls-floor weak no TLSv1']);
  });

  const lighttpd = (config: string, files: Files = {}) =>
    told('lighttpd -f /etc/lighttpd/lighttpd.conf', { '/etc/lighttpd/lighttpd.conf': config, ...files });

  test.each([
    [
      'dir-listing.activate = "disable"\n$HTTP["url"] =~ "^/f" { dir-listing.activate = "enable" }\n',
      'directory-listing weak yes enable ($HTTP[ url ] =~ ^/f)',
    ],
    ['server.port = 80 dir-listing.activate = "enable"\n', 'directory-listing weak yes enable'],
    ['ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1")\n', 'tls-floor weak yes ( MinProtocol => TLSv1 )'],
    ['ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2")\n', 'tls-floor sound yes ( MinProtocol => TLSv1.2 )'],
    ['$SERVER["socket"] == ":443" { ssl.engine = "enable" }\n', 'tls weak yes on, but not on the main socket'],
    [
      'ssl.engine = "enable"\n$SERVER["socket"] == ":80" { ssl.engine = "disable" }\n',
      'tls weak yes disable ($SERVER[ socket ] == :80)',
    ],
    ['var.u = "root"\nserver.username = var.u\n', 'user weak yes root'],
    ['include_shell "/usr/bin/conf.sh"\nserver.username = "www"\n', 'user open yes not seen'],
    ['include "/var/www.conf"\n', 'directory-listing open yes not seen'],
  ])('lighttpd: %j', async (config, expected) => {
    expect(await lighttpd(config, { '/var': { type: '5', mode: 0o755 } })).toContain(expected);
  });

  test.each([
    ['SSLProtocol all -SSLv3', 'tls-floor weak yes all -SSLv3'],
    [
      '<VirtualHost *:443>\nSSLProtocol all \\\n -SSLv3 -TLSv1 -TLSv1.1\n</VirtualHost>',
      'tls-floor sound yes all  -SSLv3 -TLSv1 -TLSv1.1 (<VirtualHost *:443>)',
    ],
    ['<Directory /www>\nOptions +Indexes\n</Directory>', 'directory-listing weak yes +Indexes (<Directory /www>)'],
  ])('apache: %j', async (config, expected) => {
    expect(await told('apache2', { '/etc/apache2/apache2.conf': `${config}\n` })).toContain(expected);
  });
});

describe('other servers', () => {
  test.each(['YES', 'TRUE', '1', 'yes', 'True'])('vsftpd takes %s for yes, and the last line counts', async (word) => {
    const config = `anonymous_enable=NO\nanonymous_enable=${word}\nssl_enable=${word}\n`;
    const rows = await told('vsftpd', { '/etc/vsftpd.conf': config });
    expect(rows).toContain(`anonymous weak yes ${word}`);
    expect(rows).toContain(`tls sound yes ${word}`);
  });

  test('vsftpd that lets logins in without TLS has it on for show', async () => {
    const config =
      'anonymous_enable=NO\nssl_enable=YES\nforce_local_logins_ssl=NO\nanon_upload_enable=YES\nanon_mkdir_write_enable=NO\n';
    const rows = await told('vsftpd /opt/ftp.conf', { '/opt/ftp.conf': config });
    expect(rows).toContain('tls weak yes NO');
    expect(rows).toContain('anonymous-write weak yes YES');
  });

  const mosquitto = (config: string, version: string, files: Files = {}) =>
    told('mosquitto -c /etc/m.conf', {
      '/usr/sbin/mosquitto': program(`\0${version}`),
      '/etc/m.conf': config,
      ...files,
    });

  test('mosquitto: the last line counts, and without one the version', async () => {
    expect(await mosquitto('listener 1883\nallow_anonymous false\nallow_anonymous true\n', '2.0.11')).toContain(
      'anonymous weak yes true',
    );
    expect(await mosquitto('listener 1883\n', '2.0.11')).toContain('anonymous sound yes false');
    expect(await mosquitto('listener 1883\n', '1.6.9')).toContain('anonymous weak yes true');
    expect((await mosquitto('listener 1883\n', 'x')).filter((row) => row.startsWith('anonymous'))).toEqual([
      'anonymous open yes not set',
    ]);
    expect(await told('mosquitto -d', { '/usr/sbin/mosquitto': program('\x001.4.15') })).toEqual([
      'anonymous weak yes true',
      'tls weak yes off',
    ]);
  });

  test('mosquitto: one listener with a certificate does not cover the other', async () => {
    const rows = await mosquitto('listener 8883\ncertfile /c.pem\nlistener 1883\nallow_anonymous 1\n', '2.0.11');
    expect(rows).toEqual(['anonymous weak yes 1', 'tls sound yes on', 'tls weak yes off']);
  });

  test('mosquitto reads the files of a folder', async () => {
    const rows = await mosquitto('allow_anonymous false\ninclude_dir /etc/m.d\n', '2.0.11', {
      '/etc/m.d/a.conf': 'allow_anonymous true\n',
    });
    expect(rows).toContain('anonymous weak yes true');
  });

  test('samba: names without regard to case and spaces, every word for yes', async () => {
    const rows = await told('smbd -D', {
      '/etc/samba/smb.conf': '[global]\nminprotocol = LANMAN2\nnullpasswords=1\n[a]\nGuestOK = True\n[b]\npublic = 1\n',
    });
    expect(rows).toEqual([
      'guest weak yes True ([a])',
      'guest weak yes 1 ([b])',
      'empty-passwords weak yes 1',
      'protocol weak yes LANMAN2',
    ]);
    expect(await told('smbd -D', { '/etc/samba/smb.conf': '[global]\n' })).toEqual([
      'protocol open yes not set: Samba before 4.11 takes SMB 1',
    ]);
  });

  test('hostapd: no line is an open network, and each access point is its own', async () => {
    expect(await told('hostapd /etc/ap.conf', { '/etc/ap.conf': 'interface=wlan0\nssid=x\nwps_state=0\n' })).toContain(
      'encryption weak yes 0',
    );
    const rows = await told('hostapd -B -P /run/h.pid /etc/ap.conf', {
      '/etc/ap.conf': 'wpa=2\nrsn_pairwise=CCMP\nwpa_pairwise=TKIP\nbss=wlan0_1\nssid=guest\nwpa=0\n',
    });
    expect(rows).toEqual([
      'encryption sound yes 2',
      'weak-ciphers weak yes TKIP',
      'weak-ciphers sound yes CCMP',
      'encryption weak yes 0',
    ]);
    expect(await told('hostapd /var/run/ap.conf', { '/usr/sbin/hostapd': program('x') })).toEqual([
      'encryption open yes not seen',
      'weak-ciphers open yes not seen',
      'wps open yes not seen',
    ]);
  });

  test('OpenWrt: every section, every word for on, and what its scripts do without a word', async () => {
    const both =
      "config dropbear\n\toption PasswordAuth 'off'\nconfig dropbear\n\toption PasswordAuth 'enabled'\n\toption RootLogin '0'\nconfig dropbear\n\toption enable '0'\n";
    expect(await told('dropbear -F', { '/etc/config/dropbear': both })).toEqual(
      expect.arrayContaining([
        'password-login sound yes off',
        'root-login sound yes on',
        'password-login weak yes enabled',
        'root-login sound yes on',
      ]),
    );
    expect(
      await told('uhttpd -f', { '/etc/config/uhttpd': "config uhttpd main\n\toption home '/www'\nconfig cert px5g\n" }),
    ).toEqual(['directory-listing weak yes 0']);
    expect(
      await told('snmpd -f', { '/etc/config/snmpd': "config com2sec public\n\toption community 'public'\n" }),
    ).toEqual(['community weak yes public']);
  });
});

describe('what is started in another way', () => {
  test('a daemon of an image whose boot is not known may be started', async () => {
    const { of } = await analyze([servicesSettings], { '/etc/vsftpd.conf': 'anonymous_enable=YES\n' });
    expect(of('service.setting')[0]).toMatchObject({ weak: true, active: 'unknown' });
  });

  test('a log under a condition leaves it open, and systemd has its own', async () => {
    const log = async (files: Files) =>
      (await analyze([servicesSettings], files)).of('service.logging')[0]?.['started'];
    expect(await log({ '/etc/init.d/rcS': '#!/bin/sh\n[ "$A" = 1 ] && syslogd\n' })).toBe('unknown');
    expect(await log({ '/etc/init.d/rcS': '#!/bin/sh\nmount -a\n' })).toBe(false);
    expect(await log({ '/etc/fstab': 'x' })).toBe('unknown');
    expect(
      await log({
        '/lib/systemd/systemd-journald': 'x',
        '/lib/systemd/system/a.service': '[Service]\nExecStart=/usr/bin/a\n',
        '/etc/systemd/system/multi-user.target.wants/a.service': { type: '2', link: '/lib/systemd/system/a.service' },
      }),
    ).toBe(true);
  });

  test('the policy of a firewall counts where boot comes to it, by family of addresses, and by its last word', async () => {
    const wall = async (files: Files) =>
      (await analyze([servicesSettings], files)).of('service.firewall').map((one) => one['inputPolicy']);
    const start = (text: string) => ({ '/etc/init.d/rcS': `#!/bin/sh\n${text}\n` });
    expect(await wall(start('iptables -P INPUT DROP\niptables -P INPUT ACCEPT'))).toEqual(['accept']);
    expect(await wall(start('iptables -P INPUT DROP\nip6tables -P INPUT ACCEPT'))).toEqual(['drop', 'accept']);
    expect(await wall({ ...start('mount -a'), '/etc/firewall.sh': '#!/bin/sh\niptables -P INPUT DROP\n' })).toEqual([
      'unknown',
    ]);
    expect(
      await wall({ ...start('fw3 start'), '/etc/config/firewall': "config defaults\n\toption input 'REJECT'\n" }),
    ).toEqual(['reject']);
    expect(
      await wall({ ...start('mount -a'), '/etc/config/firewall': "config defaults\n\toption input 'REJECT'\n" }),
    ).toEqual(['unknown']);
  });
});
