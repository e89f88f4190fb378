/** Writes zip archives for tests, hostile ones too: names and sizes are taken as they are. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipInput {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** The size that the headers state, where it lies. */
  readonly size?: number;
}

/** `times`: how often the directory names each member. */
export const zipOf = (inputs: readonly ZipInput[], times = 1): Buffer => written(inputs, times, 8);
/** Members as they are. */
export const storedZip = (inputs: readonly ZipInput[]): Buffer => written(inputs, 1, 0);

function written(inputs: readonly ZipInput[], times: number, method: 0 | 8): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, content, size } of inputs) {
    const packed = method === 8 ? deflateRawSync(content) : Buffer.from(content as string);
    const bytes = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size ?? Buffer.byteLength(content), 18);
    fields.writeUInt16LE(bytes.length, 22);
    locals.push(Buffer.from('PK\x03\x04'), fields, bytes, packed);
    for (let time = 0; time < times; time++) {
      const tail = Buffer.alloc(14);
      tail.writeUInt32LE(at, 10);
      central.push(Buffer.from('PK\x01\x02\x14\x00'), fields, tail, bytes);
    }
    at += 30 + bytes.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(inputs.length * times, 8);
  end.writeUInt16LE(inputs.length * times, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}
