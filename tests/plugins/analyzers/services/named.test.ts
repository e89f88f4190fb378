/** Which servers a program names: as a word of its own, and where not all of its places were looked at. */
import { expect, test } from 'vitest';
import type { FileEntry } from '../../../../src/core/model/files.ts';
import type { Places } from '../../../../src/core/model/gatherer.ts';
import { memoryBlob } from '../../../../src/lib/blob.ts';
import { namedIn } from '../../../../src/plugins/analyzers/services/named.ts';

const entry = (path: string): FileEntry => ({ path, container: 'a', name: path, type: 'file', size: 1000 });
const servers = [{ name: 'telnetd', entry: entry('/usr/sbin/telnetd') }];
const program = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]), Buffer.alloc(40)]);

function named(text: string, cut: Places): readonly string[] {
  const content = Buffer.concat([program, Buffer.from(text)]);
  const places = (word: string): Places => {
    if (word === 'telnetd' && cut.cut !== undefined) return cut;
    const at = content.indexOf(word, 0, 'latin1');
    return { at: at === -1 ? [] : [at] };
  };
  return namedIn(entry('/usr/bin/manager'), memoryBlob(content), servers, { places });
}

test('a word of its own is a name, a part of another is none', () => {
  expect(named('\0system\0telnetd -l sh', { at: [] })).toEqual(['telnetd']);
  expect(named('\0system\0xtelnetd', { at: [] })).toEqual([]);
  expect(named('\0telnetd -l sh', { at: [] })).toEqual([]);
});

test('where not all places were looked at the server may be named', () => {
  expect(named('\0system\0xtelnetd', { at: [56], cut: 'more than 200000 places' })).toEqual(['telnetd']);
});
