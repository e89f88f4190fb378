import { expect, test } from 'vitest';
import type { FileEntry, FileTree } from '../../../../src/core/model/files.ts';
import { memoryBlob } from '../../../../src/lib/blob.ts';
import { isStoredName, storedNetwork } from '../../../../src/plugins/analyzers/secrets/wifi-stored.ts';

const STORE = 'flash.bin!esp-flash/nvs!nvs';

function look(values: { readonly [name: string]: string | Buffer }) {
  const entries = Object.keys(values).map(
    (name): FileEntry => ({
      path: STORE + name,
      container: STORE,
      name,
      type: 'file',
      size: values[name]?.length ?? 0,
    }),
  );
  const tree = {
    get: (path: string) => entries.find((one) => one.path === path),
    content: ({ name }: FileEntry) => memoryBlob(Buffer.from(values[name] ?? '')),
  } as unknown as FileTree;
  return entries.filter(isStoredName).map((file) => storedNetwork(file, tree));
}

/** As ESP-IDF keeps a name: its length, and 32 bytes. */
const named = (name: string): Buffer => {
  const bytes = Buffer.alloc(36);
  bytes.writeUInt32LE(name.length);
  bytes.write(name, 4);
  return bytes;
};
const filled = (text: string, size: number): Buffer =>
  Buffer.concat([Buffer.from(text), Buffer.alloc(size - text.length)]);

test('the network that an ESP chip has stored is told with its key', () => {
  const stored = { '/nvs.net80211/sta.ssid': named('works'), '/nvs.net80211/sta.pswd': filled('assembly1', 65) };
  expect(look(stored)).toMatchObject([{ role: 'client', ssid: 'works', key: 'assembly1' }]);
  expect(look({ '/nvs.net80211/sta.ssid': named(''), '/nvs.net80211/sta.pswd': filled('', 65) })).toEqual([undefined]);
});

test('its own access point is told with how it is guarded', () => {
  const point = { '/nvs.net80211/ap.ssid': named('setup'), '/nvs.net80211/ap.passwd': filled('', 65) };
  expect(look(point)).toMatchObject([{ role: 'access-point', ssid: 'setup', security: 'open' }]);
  const guarded = { ...point, '/nvs.net80211/ap.passwd': filled('12341234', 65), '/nvs.net80211/ap.authmode': '3\n' };
  expect(look(guarded)).toMatchObject([{ key: '12341234', security: 'wpa2' }]);
});

test("a maker's own keys are told too, noise is not", () => {
  expect(look({ '/app/wifi_ssid': 'works\0', '/app/wifi_pass': 'assembly1' })).toMatchObject([
    { role: 'client', ssid: 'works', key: 'assembly1' },
  ]);
  expect(look({ '/app/wifi_ssid': Buffer.from([1, 2, 3, 255]) })).toEqual([undefined]);
});
