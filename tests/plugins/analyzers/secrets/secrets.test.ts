/** Secrets of an image: what is told, what is told as an example, and what is not a secret at all. */
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  accountAuthorizedKey,
  secretSymmetric,
  secretToken,
  secretUrl,
  secretWifi,
} from '../../../../src/facts/index.ts';
import { accountsAuthorizedKeys } from '../../../../src/plugins/analyzers/accounts/authorized-keys.ts';
import { secretsManagementServers } from '../../../../src/plugins/analyzers/secrets/management-servers.ts';
import { secretsSealedConfigurations } from '../../../../src/plugins/analyzers/secrets/sealed-configurations.ts';
import { secretsSymmetricKeys } from '../../../../src/plugins/analyzers/secrets/symmetric-keys.ts';
import { secretsTokens } from '../../../../src/plugins/analyzers/secrets/tokens.ts';
import { secretsUrlsWithCredentials } from '../../../../src/plugins/analyzers/secrets/urls-with-credentials.ts';
import { secretsWifi } from '../../../../src/plugins/analyzers/secrets/wifi.ts';
import { analyze, type Files, treeOf } from '../../../support/tree.ts';

const look = (files: Files) =>
  analyze(
    [secretsTokens, secretsUrlsWithCredentials, secretsWifi, secretsSymmetricKeys, accountsAuthorizedKeys],
    treeOf(files),
  );

/** A token with GitHub's checksum, made here so that no real one stands in the source. */
function tokenOf(prefix: string, body: string): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let sum = '';
  for (let i = 0, value = crc32(body); i < 6; i += 1, value = Math.floor(value / 62)) sum = digits[value % 62] + sum;
  return prefix + body + sum;
}
const BODY = 'q7Vt2LmXc9RzKp4WsYbN8dHfGjE1Ua';

test('a checksum proves a token, and a wrong one shows that it is none', async () => {
  const token = tokenOf('ghp_', BODY);
  const run = await look({ '/etc/a.conf': `# x\ntoken=${token}\n`, '/etc/b.conf': `token=ghp_${BODY}000000\n` });
  expect(run.of(secretToken)).toMatchObject([
    { kind: 'github-token', file: '/etc/a.conf', line: 2, confidence: 'verified', example: false },
  ]);
  expect(JSON.stringify(run.facts)).not.toContain(token);
});

test('examples of documentation are told as such', async () => {
  const key = ['AKIA', 'IOSFODNN7EXAMPLE'].join('');
  const own = ['AKIA', 'Q3ZV7LTXM5WNHKR2'].join('');
  const run = await look({ '/etc/a': `k=${key} `, '/usr/share/doc/x/README': `k=${own} `, '/etc/c': `k="${own}"` });
  expect(run.of(secretToken).map(({ file, example }) => [file, example])).toEqual([
    ['/etc/a', true],
    ['/usr/share/doc/x/README', true],
    ['/etc/c', false],
  ]);
});

test('letters amid base64 are no key', async () => {
  const run = await look({ '/etc/a': `data:${'A'.repeat(30)}${['AKIA', 'Q3ZV7LTXM5WNHKR2'].join('')}AAAA==` });
  expect(run.of(secretToken)).toEqual([]);
});

test('URLs with passwords are told with line and without the password', async () => {
  const text = [
    'a=1',
    'url=mqtt://cam17:S3cr3tW0rd@broker.maker.net:1883/x',
    'u=http://user:password@example.com/',
    'u=http://[USERNAME]:[PASSWORD]@dyn.maker.net/',
    'u=ftp://$USER:$PASS@dyn.maker.net/',
    'u=http://host.maker.net:80/a@b',
  ].join('\n');
  const run = await look({ '/etc/x.conf': text });
  expect(run.of(secretUrl)).toEqual([
    { scheme: 'mqtt', host: 'broker.maker.net', user: 'cam17', file: '/etc/x.conf', line: 2, example: false },
    { scheme: 'http', host: 'example.com', user: 'user', file: '/etc/x.conf', line: 3, example: true },
  ]);
  expect(JSON.stringify(run.facts)).not.toContain('S3cr3tW0rd');
});

test('a page of a manual shows how an address is written, in the words of its language', async () => {
  const page = 'Par exemple: <i>ftp://nomutilisateur:motdepasse@votre.ftp.com</i>\n';
  const run = await look({
    '/usr/www/help/fre/ftp.html': page,
    '/etc/ftp.conf': 'url=ftp://cam:qz81kd@ftp.vendor.com\n',
  });
  expect(
    run
      .of(secretUrl)
      .map(({ file, example }) => [file, example])
      .sort(),
  ).toEqual([
    ['/etc/ftp.conf', false],
    ['/usr/www/help/fre/ftp.html', true],
  ]);
});

test('Wi-Fi presets of hostapd, wpa_supplicant and UCI', async () => {
  const run = await look({
    '/etc/hostapd.conf': 'ssid=cam\n#wpa=1\nwpa=2\nwpa_key_mgmt=WPA-PSK\nwpa_passphrase=camera-0001\n',
    '/etc/hostapd-open.conf': 'ssid=setup\n',
    '/etc/sta_mode_hostapd.conf': 'ssid=sta\nwpa=2\nwpa_passphrase=1234567890\n',
    '/etc/wpa_supplicant.conf':
      'ctrl_interface=/var/run\nnetwork={\n ssid="lab"\n psk="lab-secret"\n}\nnetwork={\n key_mgmt=NONE\n}\n',
    '/etc/config/wireless':
      "config wifi-device 'radio0'\n\toption disabled '1'\nconfig wifi-iface\n\toption device 'radio0'\n\toption mode 'ap'\n\toption encryption 'none'\n" +
      "config wifi-device 'radio1'\nconfig wifi-iface\n\toption device 'radio1'\n\toption ssid 'x'\n\toption encryption 'psk2'\n\toption key '%KEY%'\n",
  });
  expect(
    run.of(secretWifi).map(({ file, line, role, security, placeholder }) => [file, line, role, security, placeholder]),
  ).toEqual([
    ['/etc/hostapd.conf', 5, 'access-point', 'wpa2', false],
    ['/etc/hostapd-open.conf', 1, 'access-point', 'open', false],
    ['/etc/sta_mode_hostapd.conf', 3, 'access-point', 'wpa2', false],
    ['/etc/wpa_supplicant.conf', 4, 'client', 'wpa2', false],
    ['/etc/config/wireless', 12, 'access-point', 'wpa2', true],
  ]);
  expect(JSON.stringify(run.facts)).not.toContain('lab-secret');
});

test('known constant keys and authorised keys', async () => {
  const key = `AAAAC3NzaC1lZDI1NTE5${Buffer.from([0, 0, 0, 0x20, ...Array(32).keys()]).toString('base64')}`;
  const blob = Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from('ssh-ed25519'),
    Buffer.from([0, 0, 0, 32]),
    Buffer.alloc(32, 9),
  ]);
  const run = await look({
    '/bin/zigbee': Buffer.concat([Buffer.alloc(64, 7), Buffer.from('ZigBeeAlliance09')]),
    '/root/.ssh/authorized_keys': `# ssh-ed25519 ${key} no\nno-pty ssh-ed25519 ${blob.toString('base64')} dev@maker\n`,
  });
  expect(run.of(secretSymmetric)).toMatchObject([{ offset: 64, known: true }]);
  expect(run.of(accountAuthorizedKey)).toMatchObject([
    { account: 'root', type: 'ssh-ed25519', bits: 256, comment: 'dev@maker' },
  ]);
});

test('a line of many megabytes is bounded', async () => {
  const started = performance.now();
  const long = Buffer.alloc(12 << 20, 'mqtt://a:b@');
  expect(
    (await look({ '/etc/hostapd.conf': Buffer.alloc(1 << 20, 'ssid='), '/etc/long': long })).of(secretUrl).length,
  ).toBeLessThan(2);
  expect(performance.now() - started).toBeLessThan(4000);
});

test('lines are not counted for what only looks like a token', async () => {
  const started = performance.now();
  const lines = Array.from({ length: 40_000 }, (_, i) => `ghp_${String(i).padStart(36, 'a')}`);
  expect((await look({ '/etc/many': lines.join('\n') })).of(secretToken)).toEqual([]);
  expect(performance.now() - started).toBeLessThan(12_000);
});

test('a configuration that cannot be read leaves open what it presets', async () => {
  const sealed = Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 197 + (i >> 3) * 91) & 255));
  const look = (files: Files) => analyze([secretsSealedConfigurations], treeOf(files));
  const run = await look({
    '/etc/default_config.xml': sealed,
    '/etc/config.txt': 'ssid=x\n'.repeat(20),
    '/etc/config.json': Buffer.from('\ufeff{"a":1}'.repeat(9), 'utf16le'),
    '/etc/config.cfg': Buffer.concat([Buffer.from([0x1f, 0x8b]), sealed]),
    '/etc/logo.xml': sealed,
  });
  expect(run.gaps.map(({ scope, unseen }) => [JSON.stringify(scope), unseen.kind])).toEqual([
    [expect.stringContaining('default_config.xml'), 'encrypted'],
  ]);
});

const TREE = `<Config>
<ManagementServer URL="http://acs.example.net/" Username="cpe" Password="hgw-hgw-hgw"/>
<WLANConfiguration SSID="Home" BeaconType="11i"><PreSharedKey KeyPassphrase="presetpsk7"/></WLANConfiguration>
</Config>
`;
const UCI_ACS =
  "config acs\n\toption url 'https://acs.example.net'\n\toption password 'of-the-fleet'\nconfig cpe\n\toption password 'x'\n";

test('what devices show the server for remote management is told, from trees and from UCI', async () => {
  const files = { '/etc/hw_ctree.xml': TREE, '/etc/config/easycwmp': UCI_ACS, '/etc/app.xml': TREE };
  const run = await analyze([secretsManagementServers], treeOf(files));
  expect(run.of(secretToken).map(({ kind, file, line, example }) => [kind, file, line, example])).toEqual([
    ['tr069-password', '/etc/hw_ctree.xml', 2, false],
    ['tr069-password', '/etc/config/easycwmp', 3, false],
  ]);
  expect(JSON.stringify(run.facts)).not.toMatch(/hgw-hgw|of-the-fleet/);
});

test('a network in a tree of settings is told with its line, and a long text that is no markup is no gap', async () => {
  const run = await look({ '/etc/hw_default_ctree.xml': TREE, '/etc/default.conf': 'x=y\n'.repeat(400_000) });
  expect(run.of(secretWifi)).toMatchObject([{ role: 'access-point', ssid: 'Home', line: 3, security: 'wpa2' }]);
  expect(run.gaps.filter(({ facts }) => facts.includes('secret.wifi'))).toEqual([]);
});

test('credentials for management that are left out of one file are told', async () => {
  const one = (n: number): string => `config acs\n\toption password 'k7Qz${n}mW'\n`;
  const text = Array.from({ length: 21 }, (_, n) => one(n)).join('');
  const run = await analyze([secretsManagementServers], treeOf({ '/etc/config/easycwmp': text }));
  expect(run.of(secretToken)).toHaveLength(20);
  expect(run.gaps.map(({ unseen }) => unseen.message)).toEqual(['more than 20 credentials in one file']);
});
