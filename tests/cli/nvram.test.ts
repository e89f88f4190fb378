/** Settings that lie in flash beside every file system: what they preset is told. */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { assay, desk } from '../support/cli.ts';

const { file, path, clear } = desk();
afterAll(clear);

async function factsOf(image: string): Promise<readonly { readonly type: string; readonly data: object }[]> {
  const out = path(`${image.split('/').at(-1)}-seen`);
  await assay(['gather', '--firmware', image, '--out', out, '--quiet']);
  return readFileSync(`${out}/facts.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; data: object });
}

test('NVRAM of Broadcom presets a login and a Wi-Fi key, whether or not either is in force', async () => {
  const facts = await factsOf('fixtures/unpackers/router/nvram.bin');
  expect(facts).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        type: 'account.password',
        data: expect.objectContaining({ account: 'admin', database: 'config', scheme: 'plain', canLogIn: 'unknown' }),
      }),
      expect.objectContaining({
        type: 'secret.wifi',
        data: expect.objectContaining({ role: 'access-point', ssid: 'Sample', security: 'wpa2' }),
      }),
    ]),
  );
  expect(JSON.stringify(facts)).not.toMatch(/s3cret-nvram|presetpsk1/);
});

test.each(['tplink-settings.xml', 'zte-settings.xml'])('so do settings in %s, once opened', async (name) => {
  const facts = await factsOf(`fixtures/unpackers/router/${name}`);
  expect(facts.filter(({ type }) => type === 'account.password').map(({ data }) => data)).toContainEqual(
    expect.objectContaining({ account: 'admin', database: 'config', state: 'usable', password: 'admin' }),
  );
  expect(facts.filter(({ type }) => type === 'secret.wifi').map(({ data }) => data)).toEqual([
    expect.objectContaining({ role: 'access-point', ssid: 'Sample' }),
  ]);
  expect(JSON.stringify(facts)).not.toMatch(/presetpsk|s3cret-acs/);
});

test('so do settings that are kept as a U-Boot environment is', async () => {
  const variables = 'bootdelay=1\0SSID1=Home\0AuthMode=WPA2PSK\0EncrypType=AES\0WPAPSK1=presetpsk2\0Password=none\0\0';
  const data = Buffer.alloc(0x1000 - 4, 0xff);
  data.write(variables, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(data));
  const facts = await factsOf(
    file('flash.bin', Buffer.concat([Buffer.alloc(0x1000, 0xff), sum, data, Buffer.alloc(0x1000, 0xff)])),
  );
  expect(facts.filter(({ type }) => type === 'secret.wifi').map((one) => one.data)).toEqual([
    expect.objectContaining({ role: 'access-point', ssid: 'Home' }),
  ]);
  expect(JSON.stringify(facts)).not.toContain('presetpsk2');
});
