/** Writes ustar archives for tests, hostile ones too: names and sizes are taken as they are. */

export interface TarInput {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly type?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
  /** The size that the header states, where it lies. */
  readonly size?: number;
}

export function tarOf(inputs: readonly TarInput[]): Buffer {
  return Buffer.concat([...inputs.flatMap(memberOf), Buffer.alloc(1024)]);
}

function memberOf(input: TarInput): Buffer[] {
  const content = Buffer.from(input.content ?? '');
  const long =
    Buffer.byteLength(input.name) > 99
      ? memberOf({ name: '././@LongLink', type: 'L', content: `${input.name}\0` })
      : [];
  const header = Buffer.alloc(512);
  header.write(input.name.slice(0, 99), 0);
  const octal = (value: number, at: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, '0'), at);
  };
  octal(input.mode ?? 0o644, 100, 8);
  octal(input.uid ?? 0, 108, 8);
  octal(0, 116, 8);
  octal(input.size ?? content.length, 124, 12);
  octal(1_700_000_000, 136, 12);
  header.write('        ', 148);
  header.write(input.type ?? '0', 156);
  header.write(input.link ?? '', 157);
  header.write('ustar\x0000', 257, 'latin1');
  octal(input.major ?? 0, 329, 8);
  octal(input.minor ?? 0, 337, 8);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return [...long, header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
