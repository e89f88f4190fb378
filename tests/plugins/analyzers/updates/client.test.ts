import { describe, expect, test } from 'vitest';
import { updatesClient } from '../../../../src/plugins/analyzers/updates/client.ts';
import { analyze } from '../../../support/analyze.ts';

test('switched-off verification is told with its line, comments are not', async () => {
  const { of } = await analyze([updatesClient], {
    '/usr/sbin/ota.sh':
      '#!/bin/sh\n# curl -k https://x\ncurl -sk https://updates.vendor.com/fw\nwget --no-check-certificate https://a.vendor.com\ncurl -K file https://b.vendor.com\n',
  });
  expect(of('update.tls-verification').map((one) => [one['line'], one['how'], one['inUpdater']])).toEqual([
    [3, 'curl --insecure', true],
    [4, 'wget --no-check-certificate', true],
  ]);
});

test('feeds of opkg and an update script tell their transport', async () => {
  const { of } = await analyze([updatesClient], {
    '/etc/opkg.conf': 'src/gz base http://downloads.vendor.com/base\noption check_signature\n',
    '/usr/bin/update.sh': '#!/bin/sh\nwget https://updates.vendor.com/fw.bin\n',
    '/etc/mender/mender.conf': '{"ServerURL": "https://m.vendor.com"}',
    '/usr/bin/mender': 'x',
  });
  expect(
    of('update.client')
      .map((one) => [one['tool'], one['transport'], one['signatureCheck']])
      .sort(),
  ).toEqual([
    ['mender', 'https', 'off'],
    ['opkg', 'http', 'on'],
    ['script', 'https', 'unknown'],
  ]);
});

test('only what a command fetches is an address that the device talks to', async () => {
  const { of } = await analyze([updatesClient], {
    '/etc/readme': 'see http://www.vendor.com/manual\n',
    '/etc/init.d/report': '#!/bin/sh\nwget http://stats.vendor.com/report?id=1\n',
  });
  expect(of('service.endpoint-url').map((one) => [one['url'], one['purpose']])).toEqual([
    ['http://stats.vendor.com/report?id=1', 'telemetry'],
  ]);
});

test('a script that runs what lies on a stick, or what it has just fetched, is told', async () => {
  const { of } = await analyze([updatesClient], {
    '/etc/init.d/S99': '#!/bin/sh\n/mnt/sda1/autorun.sh\nwget -O - http://x.vendor.com/a | sh\n',
  });
  expect(of('service.script').map((one) => one['kind'])).toEqual(['runs-from-removable', 'download-and-run']);
});

test.each([
  ['the option in another file', { '/etc/opkg.conf': 'option check_signature\n' }, 'on'],
  ['the option switched off', { '/etc/opkg.conf': 'option check_signature 0\n' }, 'off'],
  ['no option', { '/etc/opkg.conf': 'dest root /\n# option check_signature\n' }, 'off'],
])('opkg with %s', async (_what, files, check) => {
  const feeds = { '/etc/opkg/distfeeds.conf': 'src/gz base https://downloads.vendor.com/base\n' };
  const { of } = await analyze([updatesClient], { ...files, ...feeds, '/bin/opkg': 'x' });
  expect(of('update.client').map((one) => one['signatureCheck'])).toEqual([check]);
});

test('a configuration that is left behind without its program is told as unknown', async () => {
  const { of } = await analyze([updatesClient], {
    '/etc/opkg/distfeeds.conf': 'src/gz base https://downloads.vendor.com/base\n',
    '/etc/mender/mender.conf': '{"ServerURL": "https://m.vendor.com"}',
  });
  expect(of('update.client').map((one) => one['signatureCheck'])).toEqual(['unknown', 'unknown']);
});

test('what installs without looking at signatures is told', async () => {
  const { of } = await analyze([updatesClient], {
    '/usr/sbin/update.sh': '#!/bin/sh\napk add --allow-untrusted /tmp/fw.apk\n# apt-get --allow-unauthenticated x\n',
  });
  expect(of('update.client').map((one) => [one['tool'], one['line'], one['signatureCheck']])).toEqual([
    ['apk', 2, 'off'],
  ]);
});

test.each([
  ['/system/sdcard/run.sh &', 1],
  ['  sh /mnt/usb/update.sh', 1],
  ['/media/mmcblk0p1/autorun.bin', 1],
  ['echo "Starting run.sh from sdcard"', 0],
  ['cp /tmp/x /mnt/sdcard/run.sh', 0],
  ['/usr/sbin/update.sh', 0],
])('%s runs from removable media: %i', async (line, count) => {
  const { of } = await analyze([updatesClient], { '/etc/init.d/rcS': `#!/bin/sh\n${line}\n` });
  expect(of('service.script').filter(({ kind }) => kind === 'runs-from-removable').length).toBe(count);
});

test('a server named in a setting, a feed that opkg fetches and one of a command count alike; one in a program is open', async () => {
  const elf = Buffer.concat([
    ...[Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0]), Buffer.alloc(44)],
    Buffer.from('\0http://ota.vendor.com/fw.bin\0see http://www.openssl.org/docs\0http://%s/x\0'),
  ]);
  const { of, gaps } = await analyze([updatesClient], {
    '/etc/config/fwman': "config fwman 'basic'\n\toption repo_url 'http://store.vendor.com/release/'\n",
    '/etc/camera.conf':
      'stat_server=http://stat.vendor.com\nicon=http://www.vendor.com/logo\n#server=http://old.vendor.com\n',
    '/etc/opkg.conf': 'src/gz base http://feeds.vendor.com/base\n',
    '/bin/opkg': 'x',
    '/usr/bin/ipcam': elf,
  });
  expect(
    of('service.endpoint-url')
      .map((one) => [one['url'], one['purpose']])
      .sort(),
  ).toEqual([
    ['http://feeds.vendor.com/base', 'update'],
    ['http://stat.vendor.com', 'telemetry'],
    ['http://store.vendor.com/release/', 'update'],
  ]);
  // What a program does with an address is not seen.
  expect(gaps).toEqual([expect.objectContaining({ message: expect.stringContaining('http://ota.vendor.com/fw.bin') })]);
});

test('a link that people are shown is nothing that the device talks to; what an address is for may be unknown', async () => {
  const { of, gaps } = await analyze([updatesClient], {
    '/etc/device_info': "DEVICE_MANUFACTURER_URL='http://www.vendor.com/'\n",
    '/etc/config/upnpd':
      "\toption presentation_url 'http://www.vendor.com/router'\n\toption model_url 'http://m.vendor.com/'\n",
    '/etc/ddns/services': 'update_url=http://members.dns-vendor.com/update?user=\n',
    '/etc/app.conf': 'server=http://login.vendor.com/catalog\nbroker=mqtt://iot.vendor.com\n',
    '/usr/bin/app': Buffer.concat([
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0]),
      Buffer.alloc(44),
      Buffer.from('\0http://%s:%d/api\0'),
    ]),
  });
  expect(
    of('service.endpoint-url')
      .map((one) => [one['file'], one['purpose']])
      .sort(),
  ).toEqual([
    ['/etc/app.conf', 'cloud'],
    ['/etc/app.conf', 'unknown'],
    ['/etc/config/upnpd', 'other'],
    ['/etc/config/upnpd', 'other'],
    ['/etc/ddns/services', 'unknown'],
    ['/etc/device_info', 'other'],
  ]);
  expect(gaps).toEqual([expect.objectContaining({ message: expect.stringContaining('at run time') })]);
});

test('a section of OpenWrt’s settings that is switched off names no server', async () => {
  const section = (name: string, state: string): string =>
    `config service '${name}'\n\toption ip_url 'http://${name}.vendor.com'\n\t${state}\n\n`;
  const { of } = await analyze([updatesClient], {
    '/etc/config/ddns': [
      section('off', "option enabled '0'"),
      section('on', "option enabled '1'"),
      section('plain', 'option interval 5'),
      section('disabled', 'option disabled 1'),
    ].join(''),
  });
  expect(of('service.endpoint-url').map(({ url }) => url)).toEqual(['http://on.vendor.com', 'http://plain.vendor.com']);
});

describe('what lets in updates without a signature', () => {
  test.each<readonly [string, string, string, string]>([
    ['apt', '/etc/apt/apt.conf.d/90x', 'APT { Get { AllowUnauthenticated "true"; }; };\n', 'off'],
    ['apt', '/etc/apt/apt.conf.d/91x', 'Acquire::AllowInsecureRepositories "1";\n', 'off'],
    ['apt', '/etc/apt/sources.list', 'deb [arch=armhf trusted=yes] http://x.vendor.com/ stable main\n', 'off'],
    ['apt', '/etc/apt/sources.list', 'deb http://x.vendor.com/ stable main\n', 'on'],
    ['apt', '/etc/apt/sources.list', 'deb [ allow-insecure = yes ] http://x.vendor.com/ stable main\n', 'off'],
    [
      'apt',
      '/etc/apt/sources.list.d/x.sources',
      'Types: deb\nURIs: http://x.vendor.com/\nAllow-Insecure: yes\n',
      'off',
    ],
    [
      'swupdate',
      '/etc/swupdate.cfg',
      'globals: {\n  # public-key-file = "/etc/k.pem";\n /* ca-path = "x"; */\n};\n',
      'unknown',
    ],
    ['apk', '/etc/apk/config', 'allow-untrusted\n', 'off'],
    ['fwupd', '/etc/fwupd/fwupd.conf', '[fwupd]\nOnlyTrusted=false\n', 'off'],
    ['ostree', '/ostree/repo/config', '[core]\n[remote "m"]\nurl=https://o.vendor.com\ngpg-verify=false\n', 'off'],
    ['ostree', '/etc/ostree/remotes.d/m.conf', '[remote "m"]\nurl=https://o.vendor.com\n', 'on'],
    ['ostree', '/ostree/repo/config', '[remote "m"]\nurl=https://o\ngpg-verify=false\nsign-verify=ed25519\n', 'on'],
    ['sysupgrade', '/lib/upgrade/fwtool.sh', 'fwtool_check_signature() {\n\treturn 0\n}\n', 'unknown'],
    ['sysupgrade', '/usr/sbin/ota-update.sh', '#!/bin/sh\nsysupgrade -n -F /tmp/fw.bin\n', 'off'],
    [
      'sysupgrade',
      '/usr/sbin/ota-update.sh',
      '#!/bin/sh\nusign -V -m /tmp/fw.bin -P /etc/keys && sysupgrade -F /tmp/fw.bin\n',
      'unknown',
    ],
    ['opkg', '/usr/bin/update', '#!/bin/sh\nopkg install --force-checksum /tmp/a.ipk\n', 'off'],
  ])('%s by %s', async (tool, name, text, check) => {
    const { of } = await analyze([updatesClient], { [name]: text, '/usr/bin/mender': 'x' });
    expect(of('update.client').map((one) => [one['tool'], one['signatureCheck']])).toEqual([[tool, check]]);
  });

  test.each([
    ['/etc/apt/apt.conf.d/90x', '// APT::Get::AllowUnauthenticated "true";\nAPT::Get::AllowUnauthenticated "false";\n'],
    ['/etc/fwupd/fwupd.conf', '[fwupd]\n#OnlyTrusted=false\nOnlyTrusted=true\n'],
    ['/usr/sbin/ota-update.sh', '#!/bin/sh\n# sysupgrade -F x\nsysupgrade -n /tmp/fw.bin\n'],
    ['/lib/upgrade/common.sh', 'v() {\n}\n'],
  ])('and what does not: %s', async (name, text) => {
    const { of } = await analyze([updatesClient], { [name]: text });
    expect(of('update.client')).toEqual([]);
  });

  test.each([
    ['/etc/opkg/distfeeds.conf', 'src/gz base https://downloads.openwrt.org/releases/23.05.5/packages\n', 'off'],
    [
      '/etc/apk/repositories.d/distfeeds.list',
      'https://downloads.openwrt.org/releases/25.12.0/base/packages.adb\n',
      'off',
    ],
    ['/etc/opkg/distfeeds.conf', 'src/gz base https://feeds.vendor.com/openwrt.org/packages\n', 'unknown'],
    ['/etc/opkg/distfeeds.conf', '# src/gz base https://downloads.openwrt.org/x\n', 'unknown'],
  ])(
    'OpenWrt itself takes images without one, a maker who builds on it may look first: %s %s',
    async (name, text, check) => {
      const { of } = await analyze([updatesClient], {
        '/lib/upgrade/fwtool.sh': 'fwtool_check_signature() {\n\treturn 0\n}\n',
        [name]: text,
      });
      const said = of('update.client').filter((one) => one['tool'] === 'sysupgrade');
      expect(said.map((one) => one['signatureCheck'])).toEqual([check]);
    },
  );

  test('images of OpenWrt need a signature where a script of the root demands it', async () => {
    const { of } = await analyze([updatesClient], {
      '/lib/upgrade/fwtool.sh': 'fwtool_check_signature() {\n\treturn 0\n}\n',
      '/lib/upgrade/platform.sh': "REQUIRE_IMAGE_METADATA=1\nREQUIRE_IMAGE_SIGNATURE='1'\n",
    });
    expect(of('update.client').map((one) => [one['tool'], one['signatureCheck']])).toEqual([['sysupgrade', 'on']]);
  });

  test('two remotes alike of OSTree are told at their own lines', async () => {
    const remote = '[remote "m"]\nurl=https://o.vendor.com\ngpg-verify=false\n';
    const { of } = await analyze([updatesClient], { '/ostree/repo/config': `[core]\nmode=bare\n${remote}${remote}` });
    expect(of('update.client').map((one) => one['line'])).toEqual([3, 6]);
  });

  test.each([
    ['{"ArtifactVerifyKey": ""}', 'off'],
    ['{"ArtifactVerifyKeys": []}', 'off'],
    ['{"ArtifactVerifyKeys": ["/etc/mender/a.pem"]}', 'on'],
    ['{broken', 'unknown'],
  ])('Mender with %s', async (text, check) => {
    const { of } = await analyze([updatesClient], { '/etc/mender/mender.conf': text, '/usr/bin/mender-auth': 'x' });
    expect(of('update.client').map((one) => one['signatureCheck'])).toEqual([check]);
  });

  test.each([
    ['SWUpdate built without signatures', 'sw-description\0--image\0', ['off']],
    ['SWUpdate built with them', 'sw-description\0--image\0SWUpdate is built for signed images\0', []],
    ['another program of the name', 'hello\0', []],
  ])('%s', async (_what, text, checks) => {
    const elf = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0]), Buffer.alloc(44), Buffer.from(text)]);
    const { of } = await analyze([updatesClient], { '/usr/bin/swupdate': elf });
    expect(of('update.client').map((one) => one['signatureCheck'])).toEqual(checks);
  });
});

test('settings that change what is asked of a signature are told, and which of them let more in', async () => {
  const { of } = await analyze([updatesClient], {
    '/etc/rauc/system.conf':
      '[system]\ncheck-purpose=any\n[keyring]\npath=a.pem\ncheck-purpose=any\nuse-bundle-signing-time=true\nallow-partial-chain=true\ncheck-crl=true\n#check-crl=true\n',
    '/etc/apt/apt.conf.d/10x': 'Acquire::Check-Valid-Until "false";\n',
  });
  expect(of('update.client-setting').map((one) => [one['setting'], one['line'], one['weakens']])).toEqual([
    ['check-purpose', 5, true],
    ['use-bundle-signing-time', 6, true],
    ['allow-partial-chain', 7, false],
    ['check-crl', 8, false],
    ['Check-Valid-Until', 1, true],
  ]);
});

test.each([
  ['requests.get(url, verify=False)', 1],
  ['session.verify = False', 1],
  ['self.need_verify = False', 0],
  ['noverify=False', 0],
])('verification in Python: %s', async (line, count) => {
  const { of } = await analyze([updatesClient], { '/usr/bin/fetch.py': `#!/usr/bin/python3\n${line}\n` });
  expect(of('update.tls-verification')).toHaveLength(count);
});

test.each([
  ['wget -qO- http://x.vendor.com/i.sh | /bin/sh', 'download-and-run'],
  ['eval "$(curl -s https://x.vendor.com/env)"', 'download-and-run'],
  ['sh -c "$(wget -O - https://x.vendor.com/i.sh)"', 'download-and-run'],
  ['eval $(echo $QUERY_STRING | tr "&" ";")', 'eval-of-request'],
  ['sh -c "ping $HTTP_COOKIE"', 'eval-of-request'],
])('a script that does %s is told', async (line, kind) => {
  const { of } = await analyze([updatesClient], { '/www/cgi-bin/x': `#!/bin/sh\n${line}\n` });
  expect(of('service.script').map((one) => [one['kind'], one['line']])).toEqual([[kind, 2]]);
});

test.each([
  'echo "$QUERY_STRING" | grep -q id=',
  'NEW_IDS=$(eval $GET_ID)',
  'sh -c "curl -x $HTTP_PROXY $1"',
  'wget -O /tmp/list https://x.vendor.com/list',
  'wget https://x.vendor.com/a.sh # then sh',
])('a script that does %s has no such habit', async (line) => {
  const { of } = await analyze([updatesClient], { '/www/cgi-bin/x': `#!/bin/sh\n${line}\n` });
  expect(of('service.script')).toEqual([]);
});

test('what one line has fetched and a later one runs is told, unless something looks at a signature between', async () => {
  const fetch = '#!/bin/sh\nwget -O /tmp/up.sh https://x.vendor.com/up.sh\n';
  const lines = async (text: string) =>
    (await analyze([updatesClient], { '/usr/bin/up': text })).of('service.script').map((one) => one['line']);
  expect(await lines(`${fetch}chmod +x /tmp/up.sh\n/tmp/up.sh &\n`)).toEqual([4]);
  expect(await lines(`${fetch}sh /tmp/up.sh\n`)).toEqual([3]);
  expect(await lines(`${fetch}usign -V -m /tmp/up.sh -p /etc/key\nsh /tmp/up.sh\n`)).toEqual([]);
  expect(await lines(`${fetch}cat /tmp/up.sh\n`)).toEqual([]);
});

test('a page that hands a part of a request to a shell is told', async () => {
  const { of } = await analyze([updatesClient], {
    '/www/ping.php': "<?php\nsystem('ping ' . $_GET['host']);\nsystem('ping ' . escapeshellarg($_GET['host']));\n",
    '/usr/lib/lua/luci/diag.lua': 'os.execute("ping " .. luci.http.formvalue("host"))\n',
    '/www/cgi/x.py': 'x = os.system("ping " + form.getvalue("host"))\n',
  });
  expect(of('service.script').map((one) => [one['file'], one['kind'], one['line']])).toEqual([
    ['/www/ping.php', 'eval-of-request', 2],
    ['/usr/lib/lua/luci/diag.lua', 'eval-of-request', 1],
    ['/www/cgi/x.py', 'eval-of-request', 1],
  ]);
});

test('the address that an update script builds of its own variables is told whole', async () => {
  const { of } = await analyze([updatesClient], {
    '/usr/bin/ota_update.sh':
      '#!/bin/sh\nSERVER="updates.vendor.com"\nURL=http://$SERVER/list\nV=$(cat /etc/version)\nwget -O - http://$SERVER/fw/$V.bin\ncurl "$URL"\nwget $1\n',
  });
  expect(of('update.client').map((one) => [one['url'], one['transport'], one['line']])).toEqual([
    ['http://updates.vendor.com/fw/$V.bin', 'http', 5],
    ['http://updates.vendor.com/list', 'http', 6],
  ]);
});

test.each([
  ['ota_site=http://192.168.43.52/ota/board', 'http://192.168.43.52/ota/board'],
  ["option upgrade_url 'https://fw.vendor.com/list'", 'https://fw.vendor.com/list'],
  ['"firmwareServer": "http://fw.vendor.com:8080",', 'http://fw.vendor.com:8080'],
  ['#ota_site=http://fw.vendor.com', undefined],
  ['homepage_url=http://www.vendor.com', undefined],
  ['rotate_url=http://log.vendor.com', undefined],
])("a maker's own setting: %s", async (line, url) => {
  const { of } = await analyze([updatesClient], { '/etc/ota_info': `version=1\n${line}\n` });
  expect(of('update.client').map((one) => one['url'])).toEqual(url === undefined ? [] : [url]);
});

test('what renews lists of names is no update client', async () => {
  const script = '#!/bin/sh\nwget -O /tmp/x http://www.vendor.com/ids\n';
  const { of } = await analyze([updatesClient], { '/usr/sbin/update-usbids': script, '/usr/sbin/update-box': script });
  expect(of('update.client').map((one) => one['file'])).toEqual(['/usr/sbin/update-box']);
});

test('the name of a file of secrets in a log is no secret', async () => {
  const { of } = await analyze([updatesClient], {
    '/etc/init.d/S40': '#!/bin/sh\nIPSEC_SECRETS=$CONFS/ipsec.secrets\nlogger no file $IPSEC_SECRETS, making one\n',
    '/etc/init.d/S41': '#!/bin/sh\nADMIN_PASSWORD=$(nvram get p)\nlogger new password $ADMIN_PASSWORD\n',
  });
  expect(of('service.script').map((one) => `${String(one['kind'])} ${String(one['file'])}`)).toEqual([
    'secret-in-log /etc/init.d/S41',
  ]);
});

test('a maker’s own settings name the server of updates; dynamic names and packages do not', async () => {
  const { of } = await analyze([updatesClient], {
    '/etc/maker.conf':
      'update_server="http://update.vendor.com/"\nhelp_url="http://www.vendor.com/"\nupdate_interval=60\n',
    '/etc.defaults/info.conf': 'rss_server="https://www.vendor.com/autoupdate/rss.php"\n',
    '/etc/config/fwman': "config fwman 'basic'\n\toption repo_url 'http://s3.vendor.com/release/'\n",
    '/etc/ddns_provider.conf':
      'queryurl=https://www.vendor.com/nic/update?hostname=x\nupdate_url=http://a.vendor.com/\n',
    '/opt/lib/opkg/info/locales.postinst': '#!/bin/sh\nwget http://bin.vendor.com/other/locale-archive\n',
  });
  expect(
    of('update.client')
      .map((one) => `${String(one['file'])} ${String(one['url'])}`)
      .sort(),
  ).toEqual([
    '/etc.defaults/info.conf https://www.vendor.com/autoupdate/rss.php',
    '/etc/config/fwman http://s3.vendor.com/release/',
    '/etc/maker.conf http://update.vendor.com/',
  ]);
});

test('an option that is gathered in a variable before the command switches verification off', async () => {
  const { of } = await analyze([updatesClient], {
    '/usr/lib/functions.sh':
      '#!/bin/sh\necho "use --no-check-certificate at your own risk"\nif [ "$ca" = IGNORE ]; then\n PROG="$PROG --no-check-certificate"\nfi\n',
  });
  expect(of('update.tls-verification').map((one) => [one['line'], one['how']])).toEqual([
    [4, 'wget --no-check-certificate'],
  ]);
});
