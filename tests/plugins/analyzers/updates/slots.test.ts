import { expect, test } from 'vitest';
import { partitionSlots, updatesSlots } from '../../../../src/plugins/analyzers/updates/slots.ts';
import { analyze } from '../../../support/analyze.ts';

const slot = (kind: string, number: number): string => `[slot.${kind}.${number}]\ndevice=/dev/x\n`;

test.each([
  ['/etc/rauc/system.conf', slot('rootfs', 0) + slot('rootfs', 1), ['a-b']],
  ['/etc/rauc/system.conf', slot('rootfs', 0) + slot('rescue', 0), ['recovery']],
  ['/etc/rauc/system.conf', slot('rootfs', 0) + slot('appfs', 0), []],
  ['/etc/rauc/system.conf', slot('rootfs', 0) + slot('rootfs', 0), []],
  ['/etc/mender/mender.conf', '{"RootfsPartA": "/dev/mmcblk0p2", "RootfsPartB": "/dev/mmcblk0p3"}', ['a-b']],
  ['/etc/mender/mender.conf', '{"RootfsPartA": "/dev/mmcblk0p2", "RootfsPartB": "/dev/mmcblk0p2"}', []],
  ['/vendor/etc/fstab.board', 'system /system ext4 ro wait,slotselect,avb\n', ['a-b']],
  ['/vendor/etc/fstab.board', '#system /system ext4 ro wait,slotselect\n', []],
])('%s', async (name, text, kinds) => {
  const { of } = await analyze([updatesSlots], { [name]: text });
  expect(of('update.slot').map(({ kind }) => kind)).toEqual(kinds);
});

test.each<readonly [readonly string[], string | undefined]>([
  [['misc', 'boot_a', 'boot_b', 'system_a', 'system_b'], 'a-b'],
  [['STATE', 'ROOT-A', 'ROOT-B'], 'a-b'],
  [['rootfsA', 'rootfsB'], 'a-b'],
  [['boot', 'recovery', 'system'], 'recovery'],
  [['boot_a', 'system_b'], undefined],
  [['data', 'datb', 'boot'], undefined],
  [['media', 'medib'], undefined],
  [[], undefined],
])('partitions %j: %s', (names, kind) => {
  expect(partitionSlots(names)?.kind).toBe(kind);
});
