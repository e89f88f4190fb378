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
const PACKED = [/^\x1f\x8b/, /^x[\x01\x5e\x9c\xda]/, /^PK/, /^BZh/, /^\xfd7zXZ/, /^\x5d\0\0/, /^\xd0\x0d\xfe\xed/, /^SQLite/];

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

/** No text in any usual encoding, and nothing that is opened elsewhere. UTF-16 has many zeros, and a mark or `<` first. */
function isSealed(content: Blob): boolean {
  if (looksLikeText(content)) return false;
  const head = Buffer.from(content.read(0, 16)).toString('latin1');
  return !PACKED.some((magic) => magic.test(head)) && !/^(\xff\xfe|\xfe\xff|<\0|\0<)/.test(head);
}
