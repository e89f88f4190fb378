import { expect, test } from 'vitest';
import { bytes, safeText, wrap } from '../../src/lib/text.ts';

test('control, bidirectional and invisible characters are shown, never sent', () => {
  expect(safeText('a\u001b[31mb\r\n\u202ec\u200bd\u0000')).toBe('a\\x1b[31mb\\x0d\\x0a\\u202ec\\u200bd\\x00');
});

test('a long text ends with an ellipsis', () => {
  expect(safeText('x'.repeat(500), 10)).toBe(`${'x'.repeat(10)}…`);
});

test('lines keep to their width, longer words are cut', () => {
  const lines = wrap(`one two three ${'y'.repeat(50)}`, 20, 2);
  expect(lines.every((line) => line.length <= 20)).toBe(true);
  expect(lines.join('').replaceAll(' ', '')).toBe(`onetwothree${'y'.repeat(50)}`);
});

test('sizes carry binary units', () => {
  expect([bytes(0), bytes(1023), bytes(1536), bytes(1 << 20)]).toEqual(['0 B', '1023 B', '1.5 KiB', '1.0 MiB']);
});
