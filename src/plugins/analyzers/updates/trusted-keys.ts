/** The keys that the update clients of an image trust: which, how strong, until when, and whether others can sign with them. */

import { wholeText } from '../../../codecs/formats/text-lines.ts';
import { keyMaterialIn, usignSecretOf } from '../../../codecs/signatures/key-material.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { keyPrivate, updateTrustedKey } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { isConfiguration, ownerOf, type Place, placesIn } from './key-places.ts';
import { type Trusted, tellKeys } from './told-keys.ts';

const MOST_TEXT = 512 << 10;
const MOST_KEY = 4 << 20;
const MOST_FILES = 2000;

interface Held {
  readonly trusted: Trusted[];
  readonly places: { readonly place: Place; readonly from: FileEntry }[];
  /** Fingerprints of public halves whose secret usign key lies in the image. */
  readonly secrets: Set<string>;
}
const held = new WeakMap<FileTree, Held>();

function heldOf(tree: FileTree): Held {
  const known = held.get(tree) ?? { trusted: [], places: [], secrets: new Set<string>() };
  held.set(tree, known);
  return known;
}

const mayBeUsign = (file: FileEntry): boolean => file.size >= 150 && file.size <= 500;

export const updatesTrustedKeys: Analyzer = {
  id: 'updates/trusted-keys',
  title: 'Keys that update clients trust',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [keyPrivate],
  produces: [updateTrustedKey],
  wants: (file) =>
    file.type === 'file' && (ownerOf(nameOf(file)) !== undefined || isConfiguration(file.name) || mayBeUsign(file)),
  async observe(file, content, context) {
    const held = heldOf(context.tree);
    const owner = ownerOf(nameOf(file));
    if (owner !== undefined) await take(owner, file, content, context);
    else if (isConfiguration(file.name) && file.root !== undefined) {
      const text = wholeText(content, MOST_TEXT);
      for (const place of text === undefined ? [] : placesIn(file.name, text)) held.places.push({ place, from: file });
    }
    if (mayBeUsign(file)) {
      const secret = usignSecretOf(Buffer.from(content.read(0, 512)).toString('latin1'));
      if (secret !== undefined) held.secrets.add(secret);
    }
  },
  async finish(context) {
    const { trusted, places, secrets } = heldOf(context.tree);
    for (const { place, from } of places) await follow(place, from, context);
    held.delete(context.tree);
    tellKeys(trusted, secrets, context);
  },
};

/** Inside its root; a packed file keeps the name of the archive that it lies in. */
const nameOf = (file: FileEntry): string =>
  /otacerts\.zip!/.test(file.path) ? `/etc/security/otacerts.zip/${file.name.split('/').at(-1) ?? ''}` : file.name;

async function take(tool: string, file: FileEntry, content: Blob, context: AnalyzerContext): Promise<void> {
  const { trusted } = heldOf(context.tree);
  if (content.size === 0) return;
  try {
    if (content.size > MOST_KEY) throw new FaultError('over-budget', 'too large for a keyring');
    const keys = await keyMaterialIn(content.read(0, content.size));
    if (keys.length === 0) throw new FaultError('unsupported', 'it holds no key of a known kind');
    trusted.push(...keys.map((key) => ({ tool, file, key })));
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    const { kind, message } = error.fault;
    context.gap({ kind, message: `${file.name}, which ${tool} trusts: ${message}` }, { area: 'root-file-system' });
  }
}

async function follow({ tool, path, folder }: Place, from: FileEntry, context: AnalyzerContext): Promise<void> {
  const { tree } = context;
  const root = tree.roots.find((one) => one.path === from.root);
  const files = root === undefined ? [] : folder === true ? inFolder(tree, root, path) : inFile(tree, root, path);
  if (files.length === 0)
    context.gap(
      { kind: 'unreadable', message: `${path}, which ${from.name} trusts, is not in the image` },
      { area: 'root-file-system' },
    );
  for (const file of files) await take(tool, file, tree.content(file), context);
}

function inFile(tree: FileTree, root: RootFileSystem, path: string): readonly FileEntry[] {
  const file = tree.resolve(root, path);
  return file?.type === 'file' ? [file] : [];
}

const inFolder = (tree: FileTree, root: RootFileSystem, path: string): readonly FileEntry[] =>
  tree
    .list(root, path)
    .slice(0, MOST_FILES)
    .flatMap((one) => (one.type === 'file' ? [one] : inFile(tree, root, one.name)));
