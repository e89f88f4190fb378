/** The table of neighbours as Linux writes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { neighbourOf } from '../../../src/core/network/neighbour.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-arp-'));
afterAll(() => rmSync(folder, { recursive: true }));
const table = join(folder, 'arp');
writeFileSync(
  table,
  `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.7      0x1         0x2         AA:BB:CC:00:11:22     *        eth0
192.168.1.8      0x1         0x0         00:00:00:00:00:00     *        eth0
`,
);

test.each([
  ['192.168.1.7', 'aa:bb:cc:00:11:22'],
  ['192.168.1.8', undefined],
  ['192.168.1.70', undefined],
])('%s is %s', async (address, expected) => {
  expect(await neighbourOf(address, table)).toBe(expected);
});
test('a machine without such a table knows no neighbour', async () => {
  expect(await neighbourOf('192.168.1.7', join(folder, 'none'))).toBeUndefined();
});
