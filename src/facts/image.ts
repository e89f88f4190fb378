/** Facts about images as a whole: bytes, containers, root file systems, identity. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, real, text, whole, yes } from '../lib/schema.ts';

export const imageRegion = defineFact({
  name: 'image.region',
  title: 'A run of bytes of an image and what it is',
  over: 'image',
  schema: object({
    kind: oneOf(['understood', 'padding', 'acknowledged', 'unknown', 'encrypted']),
    start: whole(),
    end: whole(),
    format: maybe(text()),
    entropy: maybe(real('Bits per byte.')),
    note: maybe(text()),
  }),
});
export const imageCoverage = defineFact({
  name: 'image.coverage',
  title: 'How many bytes of an image are understood',
  over: 'image',
  schema: object({
    bytes: whole(),
    understood: whole(),
    padding: whole(),
    acknowledged: whole(),
    unknown: whole(),
    encrypted: whole(),
    largestUnknown: whole('Longest run that is neither understood nor padding nor acknowledged.'),
    complete: yes('At most 1 % unknown and no such run above 64 KiB.'),
    files: count(),
  }),
});
export const imageContainer = defineFact({
  name: 'image.container',
  title: 'A container found in an image',
  over: 'image',
  schema: object({
    path: text(),
    format: text(),
    start: whole(),
    end: whole(),
    class: oneOf(['archive', 'compression', 'file-system', 'image', 'leaf']),
    note: maybe(text()),
    opened: yes(),
  }),
});
export const imageRoot = defineFact({
  name: 'image.root',
  title: 'A root file system in an image',
  over: 'image',
  schema: object({
    path: text(),
    files: count(),
    keepsModes: yes(),
    machine: maybe(text('ELF machine of most of its programs.')),
    libc: maybe(text()),
    slot: maybe(text()),
  }),
});
export const imageIdentity = defineFact({
  name: 'image.identity',
  title: 'A name and version by which an image identifies its build',
  over: 'image',
  schema: object({
    source: oneOf(['os-release', 'openwrt-release', 'issue', 'version-file', 'kernel', 'busybox', 'header']),
    name: text(),
    version: text(),
    file: maybe(text()),
  }),
});
export const imageEncryption = defineFact({
  name: 'image.encryption',
  title: 'Whether an image, as it is delivered, is encrypted',
  over: 'image',
  schema: object({ encrypted: yes(), how: text(), share: real('0 … 1 of its bytes.') }),
});
export const fileInventory = defineFact({
  name: 'file.inventory',
  title: 'What kinds of files an image holds, in numbers',
  over: 'root-file-system',
  schema: object({
    root: text(),
    files: count(),
    programs: count(),
    scripts: count(),
    modules: count(),
    names: maybe(list(text())),
  }),
});
