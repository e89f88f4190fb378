/** The keys that boot loaders are built with: U-Boot's control device tree, libavb's root key, MCUboot's keys. */
import { signatureNodesIn } from '../../../codecs/formats/control-trees.ts';
import { avbKeysIn } from '../../../codecs/signatures/avb-key.ts';
import { controlKeys } from '../../../codecs/signatures/key-material.ts';
import { mcubootKeysIn } from '../../../codecs/signatures/mcuboot-keys.ts';
import type { PublicKey } from '../../../codecs/signatures/public-key.ts';
import type { FileEntry, FileTree } from '../../../core/model/files.ts';
import type { Analyzer } from '../../../core/model/gatherer.ts';
import { keyPrivate, updateTrustedKey } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Trusted, tellKeys } from './told-keys.ts';

/** Loaders are small; larger files are images, which the unpackers take apart. */
const MOST = 16 << 20;
const held = new WeakMap<FileTree, Trusted[]>();

export const updatesLoaderKeys: Analyzer = {
  id: 'updates/loader-keys',
  title: 'Keys that boot loaders are built with',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [keyPrivate],
  produces: [updateTrustedKey],
  wants: (file) =>
    file.type === 'file' &&
    file.size >= 64 &&
    file.size <= MOST &&
    (file.root === undefined ||
      /\.(dtb|itb)$|u-?boot|mcuboot|avb_pkmd|\/(lk|aboot|abl|bootloader)\b[^/]*$/i.test(file.name)),
  observe(file, content, context) {
    const list = held.get(context.tree) ?? [];
    held.set(context.tree, list);
    try {
      list.push(...keysIn(file, content));
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      context.gap(error.fault, { area: 'image' });
    }
  },
  finish(context) {
    tellKeys(held.get(context.tree) ?? [], new Set(), context);
    held.delete(context.tree);
  },
};

function keysIn(file: FileEntry, content: Blob): readonly Trusted[] {
  const bytes = Buffer.from(content.read(0, MOST));
  const by = (tool: string, keys: readonly PublicKey[]): readonly Trusted[] =>
    keys.map(({ type, bits, fingerprint }) => ({ tool, file, key: { type, bits, fingerprint } }));
  return [
    ...by(
      'u-boot',
      (signatureNodesIn(content) ?? []).flatMap((node) => controlKeys(node).map(({ key }) => key)),
    ),
    ...by('avb', avbKeysIn(bytes)),
    ...by('mcuboot', mcubootKeysIn(bytes) ?? []),
  ];
}
