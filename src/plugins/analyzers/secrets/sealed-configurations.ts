/** Configurations that are encrypted or packed in an unknown way: what logins and Wi-Fi keys they preset is not seen. */
import { looksLikeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer } from '../../../core/model/gatherer.ts';
import { accountPassword, secretUrl, secretWifi } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';

/** Routers keep their presets so: `default_config.xml`, `config_default.json`, `nvram.ini` … */
const PRESETS = /^\/(etc|usr|var|home|opt|config|default|romfile|data)\/.*(config|cfg|default|nvram|preset|setting)/i;
const TEXT_BY_NAME = /\.(xml|cfg|conf|ini|json|txt)$/i;
/** A shorter one says too little about itself. */
const LEAST = 64;
/** gzip, zlib, zip, bzip2, xz, LZMA: those are opened, or have told that they could not be. Also compiled device trees and SQLite. */
const PACKED = [
  '1f8b',
  '7801',
  '785e',
  '789c',
  '78da',
  '504b',
  '425a68',
  'fd377a585a',
  '5d0000',
  'd00dfeed',
  '53514c697465',
  // TP-Link's and ZTE's, which an unpacker opens or tells as encrypted.
  'db305b2cf8801811',
  '01020304000000',
];
/** UTF-16 has many zeros, and a mark or `<` first. */
const WIDE = ['fffe', 'feff', '3c00', '003c'];

export const secretsSealedConfigurations: Analyzer = {
  id: 'secrets/sealed-configurations',
  title: 'Configurations that cannot be read',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [accountPassword, secretUrl, secretWifi],
  wants: (file: FileEntry) =>
    file.type === 'file' &&
    file.root !== undefined &&
    file.size >= LEAST &&
    TEXT_BY_NAME.test(file.name) &&
    PRESETS.test(file.name),
  observe(_file, content, context) {
    if (isSealed(content))
      context.gap({
        kind: 'encrypted',
        message: 'a configuration by its name, and no text: the logins and Wi-Fi keys that it presets are not seen',
      });
  },
};

/** No text in any usual encoding, and nothing that is opened elsewhere. */
function isSealed(content: Blob): boolean {
  if (looksLikeText(content)) return false;
  const head = Buffer.from(content.read(0, 16)).toString('hex');
  return ![...PACKED, ...WIDE].some((magic) => head.startsWith(magic));
}
