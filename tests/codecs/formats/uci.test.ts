import { expect, test } from 'vitest';
import { isSwitchedOff, uciSections } from '../../../src/codecs/formats/uci.ts';

const TEXT = `package x
# comment
config wifi-iface 'guest'
\toption ssid 'Two words' # why
\toption "key" "a'b"
\toption channel 11
\tlist dns '8.8.8.8'

config ddns
\toption enabled '0'`;

test('sections have their options with the lines on which they stand', () => {
  expect(uciSections(TEXT.split('\n'))).toEqual([
    {
      type: 'wifi-iface',
      name: 'guest',
      start: 3,
      end: 9,
      options: [
        { option: 'ssid', value: 'Two words', line: 4 },
        { option: 'key', value: "a'b", line: 5 },
        { option: 'channel', value: '11', line: 6 },
      ],
    },
    { type: 'ddns', name: '', start: 9, end: 11, options: [{ option: 'enabled', value: '0', line: 10 }] },
  ]);
  expect(uciSections(['option loose 1', ''])).toEqual([]);
});

test.each([
  ["option enabled '0'", true],
  ['option enable off', true],
  ['option disabled "1"', true],
  ["option enabled '1'", false],
  ['option disabled 0', false],
  ['option interval 0', false],
])('a section with %s is switched off: %s', (line, off) => {
  expect(uciSections(['config a', line]).map(isSwitchedOff)).toEqual([off]);
});
