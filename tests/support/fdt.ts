/** Writes flattened device trees (Devicetree Specification, 5) and U-Boot control trees with keys. */
import { createPrivateKey } from 'node:crypto';
import type { Pair } from './signers.ts';

export interface TreeNode {
  readonly name: string;
  readonly properties?: { readonly [name: string]: Uint8Array | string | number };
  readonly children?: readonly TreeNode[];
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
const padded = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
const bytesFor = (value: Uint8Array | string | number): Buffer =>
  typeof value === 'number' ? u32(value) : typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.from(value);

export function deviceTree(root: TreeNode): Buffer {
  let strings = Buffer.alloc(0);
  const stringAt = (name: string): number => {
    const found = strings.indexOf(`${name}\0`);
    if (found !== -1) return found;
    const at = strings.length;
    strings = Buffer.concat([strings, Buffer.from(`${name}\0`)]);
    return at;
  };
  const nodeOf = ({ name, properties = {}, children = [] }: TreeNode): Buffer =>
    Buffer.concat([
      u32(1),
      padded(Buffer.from(`${name}\0`)),
      ...Object.entries(properties).flatMap(([key, value]) => {
        const bytes = bytesFor(value);
        return [u32(3), u32(bytes.length), u32(stringAt(key)), padded(bytes)];
      }),
      ...children.map(nodeOf),
      u32(2),
    ]);
  const structure = Buffer.concat([nodeOf(root), u32(9)]);
  const reserved = Buffer.alloc(16);
  const at = 40 + reserved.length;
  const size = at + structure.length + strings.length;
  const head = [0xd00dfeed, size, at, at + structure.length, 40, 17, 16, 0, strings.length, structure.length];
  return Buffer.concat([...head.map(u32), reserved, structure, strings]);
}

export interface ControlKeyInput {
  readonly name: string;
  readonly pair: Pair;
  readonly required?: string;
}

/** As `mkimage -K` leaves it: the node `signature` with a node for each RSA key. */
export function controlTree(keys: readonly ControlKeyInput[]): Buffer {
  const nodes = keys.map(({ name, pair, required }): TreeNode => {
    const jwk = createPrivateKey(pair.secret.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'jwk' });
    const modulus = Buffer.from(jwk.n ?? '', 'base64url');
    return {
      name,
      properties: {
        ...(required === undefined ? {} : { required }),
        algo: `sha256,rsa${modulus.length * 8}`,
        'rsa,num-bits': modulus.length * 8,
        'rsa,modulus': modulus,
        'rsa,exponent': Buffer.from([0, 0, 0, 0, 0, 1, 0, 1]),
        'key-name-hint': name.replace(/^key-/, ''),
      },
    };
  });
  const signature = { name: 'signature', children: nodes };
  return deviceTree({ name: '', properties: { compatible: 'fixture' }, children: keys.length > 0 ? [signature] : [] });
}
