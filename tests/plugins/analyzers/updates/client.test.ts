import { expect, test } from 'vitest';
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
