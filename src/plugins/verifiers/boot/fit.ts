/** U-Boot FIT images: signed configurations bind images by their hashes; signed images alone can be mixed at will. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  childOf,
  type FdtHeader,
  type FdtNode,
  fdtHeader,
  fdtTree,
  fitImages,
  stringOf,
} from '../../../codecs/formats/fdt.ts';
import { signedRegions } from '../../../codecs/formats/fdt-regions.ts';
import { isWeakHash, type Scheme } from '../../../codecs/signatures/check.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { attribute, orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  countedRanges,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const MOST_NODES = 256;
const MOST_TREE = 64 << 20;

interface Fit {
  readonly head: FdtHeader;
  readonly tree: FdtNode;
  readonly images: ReadonlyMap<string, Range>;
}

function fitOf(artefact: Blob): Fit | undefined {
  const head = fdtHeader(artefact, 0);
  if (head === undefined || head.size > artefact.size) return undefined;
  const tree = fdtTree(artefact, 0);
  const images = fitImages(head, tree);
  if (images === undefined) return undefined;
  return { head, tree, images: new Map(images.map(({ name, start, end }) => [name, { start, end }])) };
}

const looksLikeFit = (artefact: Blob): boolean => {
  try {
    return fitOf(artefact) !== undefined;
  } catch (error) {
    // A tree that cannot be read is no FIT that anything could be said of.
    if (error instanceof FaultError) return false;
    throw error;
  }
};

/** A signature, and what it protects by itself and through hashes. */
interface Part {
  readonly signature: Signed;
  readonly read: readonly Range[];
}

/** What the walk gathers. */
interface Seen {
  readonly parts: Part[];
  readonly broken: string[];
  readonly notes: string[];
  readonly payload: ByteRange[];
  readonly integrity: UpdateVerdict['integrity'][number][];
}

export const fit: Verifier = {
  id: 'boot/fit',
  title: 'U-Boot FIT image',
  recognise: looksLikeFit,
  async verify(artefact, context) {
    const found = fitOf(artefact);
    const blank = { ...blankVerdict(fit, 'fit'), updateByNature: false };
    if (found === undefined) return blank;
    const seen: Seen = { parts: [], broken: [], notes: [], payload: [], integrity: [] };
    const configurations = (childOf(found.tree, 'configurations')?.children ?? []).slice(0, MOST_NODES);
    for (const [name, { start, end }] of found.images) {
      if (end > artefact.size)
        return {
          ...blank,
          ...account(artefact.size, [], []),
          faults: [{ kind: 'truncated', message: `it ends inside ${name}` }],
        };
      seen.payload.push({ start, end, what: `image ${name}` });
    }
    for (const node of configurations) await configurationOf(artefact, found, node, { seen, context });
    for (const node of (childOf(found.tree, 'images')?.children ?? []).slice(0, MOST_NODES))
      await imageOf(artefact, found, node, { seen, context });
    const signed = seen.parts.length > 0;
    const version = stringOf(found.tree, 'description');
    return {
      ...blank,
      signed,
      signatures: seen.parts.map(({ signature }) => signature),
      ...account(artefact.size, seen.payload, countedRanges(seen.parts)),
      integrity: seen.integrity,
      broken: signed ? seen.broken : [],
      notes: [...seen.notes, ...demandNotes(context.keys), ...(version === undefined ? [] : [version])],
    };
  },
};

interface Around {
  readonly seen: Seen;
  readonly context: VerifyContext;
}

const isNamed = (kind: string) => (node: FdtNode) => node.name === kind || new RegExp(`^${kind}[-@]`).test(node.name);

/** Its own properties decide what is booted; they are payload. */
async function configurationOf(artefact: Blob, found: Fit, node: FdtNode, around: Around): Promise<void> {
  const { seen } = around;
  for (const [key, value] of node.properties) {
    const start = node.places.get(key);
    if (start !== undefined && key !== 'description' && value.length > 0)
      seen.payload.push({ start, end: start + value.length, what: `${node.name}/${key}` });
  }
  const signatures = node.children.filter(isNamed('signature'));
  if (signatures.length === 0) seen.notes.push(`configuration ${node.name} is not signed`);
  const parts: Part[] = [];
  for (const signature of signatures.slice(0, 8))
    parts.push(await partOr(() => configurationSignature(artefact, found, { node, signature }, around)));
  seen.parts.push(...parts);
  if (parts.length > 0) demanded(node.name, parts, around);
}

/** A control device tree can demand more than one key of each configuration. */
function demanded(name: string, parts: readonly Part[], { seen, context }: Around): void {
  const keys = context.keys.filter(({ demand }) => demand?.of === 'conf');
  const absent = keys.filter((key) => parts.every(({ signature }) => signature.verifiedBy !== key.name));
  const each = keys.some(({ demand }) => demand?.each === true);
  // That none fits is what each signature says of itself.
  if (each && absent.length < keys.length)
    for (const key of absent) seen.broken.push(`${key.name} is demanded of ${name} and did not sign it`);
}

/** What the given control device tree demands, where one was given. */
function demandNotes(keys: VerifyContext['keys']): readonly string[] {
  const control = keys.filter(({ name }) => name.includes('#key-'));
  if (control.length === 0) return [];
  const conf = control.filter(({ demand }) => demand?.of === 'conf').length;
  const image = control.filter(({ demand }) => demand?.of === 'image').length;
  if (conf > 0) return [];
  return image > 0
    ? ['the control device tree demands signed images only: they can be mixed']
    : ['the control device tree demands no signature: a device with it takes unsigned images'];
}

async function configurationSignature(
  artefact: Blob,
  { head, images, tree }: Fit,
  { node, signature }: { readonly node: FdtNode; readonly signature: FdtNode },
  { seen, context }: Around,
): Promise<Part> {
  const listed = new Set(stringsOf(signature.properties.get('hashed-nodes')));
  if (listed.size === 0) throw new FaultError('malformed', `${node.name}: the signature lists no nodes`);
  const structure = Buffer.from(artefact.read(head.structure, head.structureSize));
  const strings = Buffer.from(artefact.read(head.strings, head.stringsSize));
  if (structure.length + strings.length > MOST_TREE) throw new FaultError('over-budget', 'the tree is too large');
  const found = signedRegions(structure, strings, listed);
  const regions = found.regions.map(({ start, end }) => ({ start: start + head.structure, end: end + head.structure }));
  const names = hashedNames(signature);
  if (names > 0) regions.push({ start: head.strings, end: head.strings + names });
  // A property whose name can be changed can become another one.
  if (names < found.names) seen.broken.push(`the signature of ${node.name} leaves names of its properties open`);
  const message = messageOf(artefact, regions);
  const signed = await attribute(context, { scheme: schemeOf(signature), message, signature: octetsIn(signature) });
  await message.digest('sha256', context.signal);
  if (!listed.has(`/configurations/${node.name}`)) {
    seen.broken.push(`the signature of ${node.name} does not list the configuration itself`);
    return { signature: signed, read: [] };
  }
  const bound = referred(node, images).flatMap((name) => bind(artefact, { tree, images, listed, name }, seen));
  return { signature: signed, read: [...message.read, ...bound] };
}

/** `hashed-strings`: an offset that U-Boot takes for 0, and a size. */
function hashedNames(signature: FdtNode): number {
  const hashed = signature.properties.get('hashed-strings');
  if (hashed === undefined) return 0;
  if (hashed.length !== 8 || hashed.readUInt32BE(0) !== 0)
    throw new FaultError('malformed', 'hashed-strings does not start with the strings');
  return hashed.readUInt32BE(4);
}

async function partOr(part: () => Promise<Part>): Promise<Part> {
  let read: readonly Range[] = [];
  const signature = await orBroken('FIT', async () => {
    const found = await part();
    read = found.read;
    return found.signature;
  });
  return { signature, read };
}

/** Images that a configuration names, by any of its properties. */
function referred(node: FdtNode, images: ReadonlyMap<string, Range>): readonly string[] {
  const names = [...node.properties].flatMap(([key, value]) =>
    ['description', 'compatible'].includes(key) ? [] : stringsOf(value),
  );
  return [...new Set(names)].filter((name) => images.has(name)).slice(0, MOST_NODES);
}

interface Binding {
  readonly tree: FdtNode;
  readonly images: ReadonlyMap<string, Range>;
  readonly listed: ReadonlySet<string>;
  readonly name: string;
}

/** An image is bound when its node and a strong hash of it are among the signed nodes, and the hash holds. */
function bind(artefact: Blob, { tree, images, listed, name }: Binding, seen: Seen): Range[] {
  const image = childOf(childOf(tree, 'images'), name);
  const range = images.get(name);
  if (image === undefined || range === undefined || !listed.has(`/images/${name}`)) return [];
  const bound: Range[] = [];
  for (const hash of image.children.filter(isNamed('hash'))) {
    const algorithm = stringOf(hash, 'algo') ?? '';
    if (!listed.has(`/images/${name}/${hash.name}`) || isWeakHash(algorithm) || algorithm === 'crc32') continue;
    const holds = digestOf(artefact, range, algorithm)?.equals(octetsIn(hash)) ?? false;
    if (holds) bound.push(range);
    else seen.broken.push(`image ${name} is not the one whose hash was signed`);
  }
  return bound;
}

/** Hashes tell of accidents; a signature of the image itself covers its data and nothing that decides. */
async function imageOf(artefact: Blob, { images }: Fit, node: FdtNode, { seen, context }: Around): Promise<void> {
  const range = images.get(node.name);
  if (range === undefined) return;
  for (const hash of node.children.filter(isNamed('hash')).slice(0, 8)) {
    const algorithm = stringOf(hash, 'algo') ?? '';
    const digest = digestOf(artefact, range, algorithm);
    if (digest !== undefined)
      seen.integrity.push({
        algorithm: algorithm.toUpperCase(),
        over: node.name,
        holds: digest.equals(octetsIn(hash)),
      });
  }
  for (const signature of node.children.filter(isNamed('signature')).slice(0, 8)) {
    const message = messageOf(artefact, [range]);
    seen.parts.push(
      await partOr(async () => {
        const claim = { scheme: schemeOf(signature), message, signature: octetsIn(signature) };
        const signed = await attribute(context, claim);
        await message.digest('sha256', context.signal);
        return { signature: signed, read: message.read };
      }),
    );
    seen.notes.push(`image ${node.name} is signed by itself: images can be mixed unless configurations are signed`);
  }
}

const octetsIn = (node: FdtNode): Buffer => node.properties.get('value') ?? Buffer.alloc(0);
const stringsOf = (value: Buffer | undefined): string[] =>
  (value?.toString('latin1') ?? '').split('\0').filter((one) => one !== '');

const HASHES: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256', 'sha384', 'sha512']);
function digestOf(artefact: Blob, { start, end }: Range, algorithm: string): Buffer | undefined {
  const part = artefact.slice(start, end);
  if (algorithm === 'crc32') {
    let crc = 0;
    for (const chunk of chunksOf(part)) crc = crc32(chunk, crc);
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc);
    return value;
  }
  if (!HASHES.has(algorithm)) return undefined;
  const hash = createHash(algorithm);
  for (const chunk of chunksOf(part)) hash.update(chunk);
  return hash.digest();
}

/** `sha256,rsa2048` or `sha256,ecdsa256`; RSA with the padding that the node states. */
function schemeOf(signature: FdtNode): Scheme {
  const algorithm = stringOf(signature, 'algo') ?? '';
  const match = /^(sha1|sha256|sha384|sha512),(rsa\d{4}|ecdsa\d{3}|secp\d{3}r1)$/.exec(algorithm);
  if (match === null) throw new FaultError('unsupported', `the signature algorithm ${algorithm}`);
  const [, hash = '', kind = ''] = match;
  if (!kind.startsWith('rsa')) return { algorithm: 'ECDSA', hash, encoding: 'raw' };
  return { algorithm: stringOf(signature, 'padding') === 'pss' ? 'RSASSA-PSS' : 'RSASSA-PKCS1-v1_5', hash };
}
