/** What a manifest of updates names. */
import { expect, test } from 'vitest';
import { namedIn } from '../../../src/plugins/inspectors/updates/manifest.ts';

test('one address in clear behind many that are secured is found', () => {
  const files = Array.from({ length: 900 }, (_, at) => `{"url": "https://u.vendor.com/fw-${at}.bin"}`);
  expect(namedIn(files.join('\n'))).toEqual({ namesHttp: false });
  expect(namedIn([...files, '{"url": "http://u.vendor.com/last.bin"}'].join('\n'))).toEqual({
    namesHttp: true,
    names: 'http://u.vendor.com/last.bin',
  });
});
