/** Facts about programs, libraries and modules of an image. */

import { defineFact } from '../core/model/fact.ts';
import { list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

const three = oneOf(['yes', 'no', 'unknown']);

export const binaryHardening = defineFact({
  name: 'binary.hardening',
  title: 'How an ELF file is hardened',
  over: 'root-file-system',
  schema: object({
    file: text(),
    kind: oneOf(
      ['program', 'library', 'module', 'object', 'other'],
      'program: ET_EXEC, or ET_DYN with an interpreter or DF_1_PIE.',
    ),
    counted: yes(
      'A user-space program or library of the root file system’s own machine (not a kernel module, /lib/firmware, a boot loader or a foreign machine).',
    ),
    machine: text('arm, aarch64, mips, x86-64 …'),
    bits: whole('32 or 64.'),
    endian: oneOf(['little', 'big']),
    linking: oneOf(['dynamic', 'static']),
    libc: oneOf(['glibc', 'musl', 'uclibc', 'bionic', 'unknown', 'none']),
    pie: three,
    nx: three,
    relro: oneOf(['none', 'partial', 'full', 'unknown']),
    canary: oneOf(
      ['yes', 'no', 'unknown', 'not-needed'],
      'no only if it imports buffer functions; static and stripped is unknown.',
    ),
    fortify: oneOf(
      ['yes', 'no', 'unknown', 'not-needed'],
      'unknown with musl and uClibc, which have no _chk functions.',
    ),
    stripped: yes('No symbol table.'),
    debugInformation: yes(),
    rpath: list(text()),
    unsafeRpath: yes('Relative, empty, temporary or build directory.'),
    textRelocations: yes(),
    writableAndExecutable: yes('A segment with both.'),
    setuid: three,
    networkFacing: yes('A daemon that listens, by name or imports.'),
    dangerous: list(text('gets, strcpy, system … imported.')),
    controlFlow: list(oneOf(['bti', 'pac', 'ibt', 'shstk', 'cfi'])),
  }),
});
export const binaryTool = defineFact({
  name: 'binary.tool',
  title: 'A developer or debug tool in an image',
  over: 'root-file-system',
  schema: object({
    name: text(),
    file: text(),
    kind: oneOf(['compiler', 'debugger', 'tracer', 'sniffer', 'remote-shell', 'scanner']),
  }),
});
export const fileLeftover = defineFact({
  name: 'file.leftover',
  title: 'Something a developer left in an image',
  over: 'root-file-system',
  schema: object({
    file: text(),
    kind: oneOf([
      'history',
      'credentials',
      'version-control',
      'editor',
      'build-path',
      'core-dump',
      'source-map',
      'test-page',
      'backup',
      'internal-address',
    ]),
    detail: maybe(text()),
  }),
});
export const filePermission = defineFact({
  name: 'file.permission',
  title: 'A file whose mode or owner matters',
  over: 'root-file-system',
  schema: object({
    file: text(),
    kind: oneOf([
      'setuid',
      'setgid',
      'world-writable',
      'world-writable-directory',
      'writable-start-script',
      'readable-secret',
      'device-node',
      'shadow',
    ]),
    mode: text('Octal.'),
    uid: maybe(whole()),
    expected: yes('On the list of what is usual (busybox, su, /tmp with sticky bit …).'),
  }),
});
export const fileMount = defineFact({
  name: 'file.mount',
  title: 'How a file system of the image is mounted',
  over: 'root-file-system',
  schema: object({
    point: text(),
    device: text(),
    type: text(),
    readOnly: oneOf(['yes', 'no', 'unknown']),
    options: list(text()),
    /** It holds start-up items: the root, the folders of start scripts, or a folder from which a boot script runs something. */
    startUp: yes(),
    file: text(),
    line: maybe(whole()),
  }),
});
