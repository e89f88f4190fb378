/** Bytes for people: sixteen a line with their offset and their printable characters. */

/** `00000040  2d 2d 2d 2d 2d 42 45 47  49 4e 20 52 53 41 20 50  |-----BEGIN RSA P|` */
export function hexLines(bytes: Uint8Array, offset = 0): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const pairs = row.map((one) => one.toString(16).padStart(2, '0'));
    const hex = `${pairs.slice(0, 8).join(' ')}  ${pairs.slice(8).join(' ')}`.padEnd(48);
    const shown = row.map((one) => (one >= 0x20 && one < 0x7f ? String.fromCharCode(one) : '.')).join('');
    lines.push(`${(offset + at).toString(16).padStart(8, '0')}  ${hex}  |${shown}|`);
  }
  return lines;
}

/** Bytes that read as text: no control characters but tabs and ends of lines. */
export const isText = (bytes: Uint8Array): boolean =>
  !bytes.some((one) => (one < 0x20 && one !== 9 && one !== 10 && one !== 13) || one === 0x7f);
