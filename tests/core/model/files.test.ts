import { expect, test } from 'vitest';
import { seenAt } from '../../../src/core/model/files.ts';

test.each([
  ['fw.bin!squashfs/etc/shadow', '/etc/shadow', '/etc/shadow'],
  ['fw.bin!squashfs/usr/share/info/wget.info.gz!gzip/data', '/data', '/squashfs/usr/share/info/wget.info'],
  ['fw/usr/share/man/man7/uri.7.gz!gzip/data', '/data', '/fw/usr/share/man/man7/uri.7'],
  // What was packed with others has a place of its own, whatever lies around it.
  ['docs.zip!zip/docs/fw.bin!squashfs/etc/shadow', '/etc/shadow', '/etc/shadow'],
  ['fw/docs/fw.tar.gz!gzip/data!tar/etc/shadow', '/etc/shadow', '/etc/shadow'],
])('%s is seen at its place', (path, name, place) => {
  expect(seenAt({ path, name })).toBe(place);
});
