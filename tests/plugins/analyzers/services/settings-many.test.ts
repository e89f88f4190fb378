import { describe, expect, test } from 'vitest';
import {
  apacheLines,
  lighttpdLines,
  nginxLines,
  plainLines,
  sshdLines,
} from '../../../../src/codecs/formats/config-lines.ts';
import { servicesSettings } from '../../../../src/plugins/analyzers/services/settings.ts';
import { analyze } from '../../../support/analyze.ts';

type Files = Parameters<typeof analyze>[1];

const told = async (start: string, files: Files) => {
  const { of, gaps } = await analyze([servicesSettings], { '/etc/init.d/rcS': `#!/bin/sh\n${start}\n`, ...files });
  const rows = of('service.setting').map(
    ({ setting, weak, value }) => `${String(setting)} ${String(weak)} ${String(value)}`,
  );
  return { rows, gaps: gaps.map(({ message }) => message) };
};
const program = (version = ''): { readonly content: string; readonly mode: number } => ({
  content: `\x7fELF\0\0\0${version}\0`,
  mode: 0o755,
});

test.each([
  [
    'nginx',
    '/etc/nginx/nginx.conf',
    `http {${'autoindex off;\n'.repeat(70)}autoindex on;\n}`,
    'directory-listing true on',
  ],
  ['sshd', '/etc/ssh/sshd_config', `${'#\n'.repeat(50_001)}PermitRootLogin yes\n`, 'root-login true yes'],
  ['mosquitto -c /etc/m.conf', '/etc/m.conf', 'listener 8883\ncertfile /x\nport 1883\n', 'tls true off'],
  ['dnsmasq', '/etc/dnsmasq.conf', 'user=root # for now\n', 'user true root'],
  ['boa', '/etc/boa/boa.conf', 'User root # for now\n', 'user true root'],
  ['mini_httpd -C /etc/mini_httpd.conf', '/etc/mini_httpd.conf', 'port=80 user=root # c\n', 'user true root'],
  ['apache2', '/etc/apache2/apache2.conf', 'Options Indexes \\', 'directory-listing true Indexes '],
  ['cwmpd', '/etc/cwmp.xml', `<a>${' '.repeat(5000)}<url>http://acs.example/</url></a>`, 'tls true http'],
])('%s: a weak line is told wherever it stands', async (start, file, text, expected) => {
  const name = `/usr/sbin/${start.split(' ')[0] ?? ''}`;
  expect((await told(start, { [name]: program(), [file]: text })).rows).toContain(expected);
});

test('what was not read leaves open what stands there', async () => {
  const files = { '/usr/sbin/sshd': program('OpenSSH_9.2p1') };
  const long = `${'AcceptEnv A\n'.repeat(80_000)}PermitRootLogin no\n`;
  const { rows } = await told('sshd', {
    ...files,
    '/etc/ssh/sshd_config': `Include b.conf\n${long}`,
    '/etc/ssh/b.conf': long,
  });
  expect(rows).toContain('root-login unknown not seen');
  expect(rows).toContain('password-login unknown not seen');
  const starts = Array.from({ length: 60 }, (_, port) => `sshd -p ${port}`).join('\n');
  expect((await told(starts, files)).gaps).toContain('sshd is started in more than 50 ways');
});

const LONG = 100_000;
const wide = ' '.repeat(LONG);
const quickly = async (work: () => unknown): Promise<void> => {
  const from = performance.now();
  await work();
  expect(performance.now() - from).toBeLessThan(3000);
};

describe('hostile configurations are read in time', () => {
  test.each<readonly [string, () => unknown]>([
    ['spaces in a value', () => plainLines(`a b${wide}c`)],
    ['a return in a line', () => plainLines(`a${wide}c\rd`)],
    ['spaces before no comment', () => sshdLines(`a b${wide}c`)],
    ['sshd, a return', () => sshdLines(`a${wide}c\rd`)],
    ['Apache, a return', () => apacheLines(`a${wide}c\rd`)],
    ['lines that go on', () => apacheLines('a\\\n'.repeat(300_000))],
    ['quotes without an end', () => nginxLines('\\"'.repeat(LONG))],
    ['quotes of both kinds', () => lighttpdLines(`\\"\\'`.repeat(LONG))],
  ])('%s', async (_name, work) => quickly(work));

  test('empty lines', async () => quickly(() => told('true', { '/etc/config/x': '\n'.repeat(200_000) })));

  test('in an image', async () => {
    const names = Array.from({ length: 20_000 }, (_, nth) => `bss=a${nth}\nwpa=2\n`).join('');
    const sections = "config dropbear\noption PasswordAuth 'off'\n".repeat(10_000);
    await quickly(() =>
      told('nginx\nhostapd /etc/hostapd.conf\ndropbear\nlighttpd -f /etc/lighttpd.conf', {
        '/etc/nginx/nginx.conf': `include ${'['.repeat(LONG)}*;\ninclude /${'a/'.repeat(LONG)}b*;\n`,
        '/etc/hostapd.conf': names,
        '/etc/config/dropbear': sections,
        '/etc/lighttpd.conf': `ssl.openssl.ssl-conf-cmd = ("${'Protocol => '.repeat(LONG / 10)}")\n`,
      }),
    );
  });
});
