/** Writes RomFS images for tests: flat ones, with the sums that the format wants. */

/** Files in the root, by name, in an image of the format that `genromfs` writes. */
export function romfsOf(files: { readonly [name: string]: Uint8Array }): Buffer {
  const parts: Buffer[] = [];
  let at = 32;
  const entry = (name: string, type: number, spec: number, content: Uint8Array, last: boolean): void => {
    const label = Buffer.from(`${name}\0`);
    const named = Math.ceil(label.length / 16) * 16;
    const head = Buffer.alloc(16 + named);
    const size = 16 + named + Math.ceil(content.length / 16) * 16;
    head.writeUInt32BE((last ? 0 : at + size) | type, 0);
    head.writeUInt32BE(spec, 4);
    head.writeUInt32BE(content.length, 8);
    label.copy(head, 16);
    head.writeUInt32BE(sumOf(head), 12);
    parts.push(head, Buffer.from(content), Buffer.alloc(size - 16 - named - content.length));
    at += size;
  };
  const nothing = Buffer.alloc(0);
  entry('.', 9, 32, nothing, false);
  entry('..', 0, 32, nothing, false);
  const names = Object.entries(files);
  for (const [index, [name, content]] of names.entries()) entry(name, 2, 0, content, index === names.length - 1);
  const head = Buffer.alloc(32);
  head.write('-rom1fs-');
  head.writeUInt32BE(at, 8);
  head.write('test', 16);
  const whole = Buffer.concat([head, ...parts, Buffer.alloc((1024 - (at % 1024)) % 1024)]);
  whole.writeUInt32BE(sumOf(whole.subarray(0, 512)), 12);
  return whole;
}

/** What makes the sum of all words zero. */
function sumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0;
  return -sum >>> 0;
}
