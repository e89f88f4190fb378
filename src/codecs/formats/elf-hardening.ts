/** What an ELF file tells of its hardening: PIE, NX, RELRO, canary, FORTIFY and the rest, honest about what can not be told. */
import { DYNAMIC, type ElfFile, SEGMENT } from './elf.ts';

export type Three = 'yes' | 'no' | 'unknown';
export type Kind = 'program' | 'library' | 'module' | 'object' | 'other';
export type Libc = 'glibc' | 'musl' | 'uclibc' | 'bionic' | 'unknown' | 'none';

export interface Hardening {
  readonly kind: Kind;
  readonly linking: 'dynamic' | 'static';
  readonly libc: Libc;
  readonly pie: Three;
  readonly nx: Three;
  readonly relro: 'none' | 'partial' | 'full' | 'unknown';
  readonly canary: Three | 'not-needed';
  readonly fortify: Three | 'not-needed';
  readonly stripped: boolean;
  readonly debugInformation: boolean;
  readonly runPaths: readonly string[];
  readonly unsafeRunPath: boolean;
  readonly textRelocations: boolean;
  readonly writableAndExecutable: boolean;
  readonly dangerous: readonly string[];
  readonly controlFlow: readonly ('bti' | 'pac' | 'ibt' | 'shstk')[];
  readonly listens: boolean;
}

const FLAG_EXECUTE = 1;
const FLAG_WRITE = 2;
const DF_BIND_NOW = 8;
const DF_TEXTREL = 4;
const DF_1_NOW = 1;
const DF_1_PIE = 0x08000000;

/** Calls that write into a buffer whose size they do not know: a program that makes them needs a canary. */
const BUFFER_CALLS = [
  'strcpy',
  'strcat',
  'sprintf',
  'vsprintf',
  'gets',
  'scanf',
  'sscanf',
  'fscanf',
  'strncpy',
  'strncat',
  'snprintf',
  'vsnprintf',
  'memcpy',
  'memmove',
  'read',
  'recv',
  'recvfrom',
  'fgets',
  'fread',
  'realpath',
  'getcwd',
  'stpcpy',
];
/** glibc's functions that have a checked twin. */
const FORTIFIABLE = [
  'memcpy',
  'memmove',
  'memset',
  'mempcpy',
  'strcpy',
  'strncpy',
  'stpcpy',
  'strcat',
  'strncat',
  'sprintf',
  'snprintf',
  'vsprintf',
  'vsnprintf',
  'printf',
  'fprintf',
  'vprintf',
  'vfprintf',
  'gets',
  'fgets',
  'read',
  'pread',
  'recv',
  'recvfrom',
  'readlink',
  'getcwd',
  'realpath',
  'fread',
  'syslog',
];
const DANGEROUS = ['gets', 'strcpy', 'strcat', 'sprintf', 'vsprintf', 'scanf', 'system', 'popen', 'mktemp', 'tmpnam'];
const GUARDS = ['__stack_chk_fail', '__stack_chk_fail_local', '__stack_smash_handler', '__intel_security_cookie'];

/** The value is told by whoever uses it; a dynamic loader defines it for others and may itself go without. */
const usesGuard = (elf: ElfFile): boolean =>
  GUARDS.some((one) => has(elf, one)) || elf.imports.has('__stack_chk_guard');

const has = (elf: ElfFile, name: string): boolean => elf.imports.has(name) || elf.exports.has(name);
const flag = (elf: ElfFile, tag: number, bit: number): boolean =>
  elf.dynamic.get(tag)?.some((value) => Math.floor(value / bit) % 2 === 1) ?? false;

/** Judges one file by its headers and symbols alone; `name` tells kernel modules. */
export function hardeningOf(elf: ElfFile, name: string): Hardening {
  const kind = kindOf(elf, name);
  const dynamic =
    elf.dynamic.size > 0 && (elf.interpreter !== undefined || elf.needed.length > 0 || kind === 'library');
  const linking = dynamic ? 'dynamic' : 'static';
  const libc = libcOf(elf, kind);
  return {
    kind,
    linking,
    libc,
    pie: pieOf(elf, kind),
    nx: nxOf(elf, kind),
    relro: relroOf(elf),
    canary: canaryOf(elf, linking),
    fortify: fortifyOf(elf, linking, libc),
    stripped: !elf.hasSymbolTable,
    debugInformation: elf.hasDebugInformation,
    runPaths: elf.runPaths,
    unsafeRunPath: elf.runPaths.some(unsafe),
    textRelocations: elf.dynamic.has(DYNAMIC.textrel) || flag(elf, DYNAMIC.flags, DF_TEXTREL),
    writableAndExecutable: elf.segments.some(
      (one) => one.type === SEGMENT.load && (one.flags & FLAG_WRITE) !== 0 && (one.flags & FLAG_EXECUTE) !== 0,
    ),
    dangerous: DANGEROUS.filter((call) => elf.imports.has(call)),
    controlFlow: controlFlowOf(elf),
    listens:
      elf.imports.has('listen') ||
      (elf.imports.has('bind') && (elf.imports.has('recvfrom') || elf.imports.has('accept'))),
  };
}

function kindOf(elf: ElfFile, name: string): Kind {
  if (elf.type === 1) return /\.ko(\.|$)/.test(name) ? 'module' : 'object';
  if (elf.type === 2) return 'program';
  if (elf.type !== 3) return 'other';
  return elf.interpreter !== undefined || flag(elf, DYNAMIC.flags1, DF_1_PIE) ? 'program' : 'library';
}

function libcOf(elf: ElfFile, kind: Kind): Libc {
  if (kind === 'module' || kind === 'object') return 'none';
  const names = [elf.interpreter ?? '', ...elf.needed].join(' ');
  if (/ld-musl|libc\.musl/.test(names)) return 'musl';
  if (/uClibc|libc\.so\.0|ld-uClibc/.test(names)) return 'uclibc';
  if (/\/system\/bin\/linker|\/linker64?( |$)/.test(names)) return 'bionic';
  if (/ld-linux|libc\.so\.6|ld64\.so|ld\.so\.1|ld-2\./.test(names)) return 'glibc';
  return 'unknown';
}

function pieOf(elf: ElfFile, kind: Kind): Three {
  if (kind !== 'program') return 'unknown';
  return elf.type === 3 ? 'yes' : 'no';
}

/** Without PT_GNU_STACK the loader gives an executable stack on every machine whose default it is; a missing header is no proof of NX. */
function nxOf(elf: ElfFile, kind: Kind): Three {
  if (kind !== 'program' && kind !== 'library') return 'unknown';
  const stack = elf.segments.find((one) => one.type === SEGMENT.stack);
  if (stack === undefined) return elf.segments.length === 0 ? 'unknown' : 'no';
  return (stack.flags & FLAG_EXECUTE) === 0 ? 'yes' : 'no';
}

/** Full needs the segment and immediate binding, both. */
function relroOf(elf: ElfFile): Hardening['relro'] {
  if (elf.segments.length === 0) return 'unknown';
  if (!elf.segments.some((one) => one.type === SEGMENT.relro)) return 'none';
  const now =
    elf.dynamic.has(DYNAMIC.bindNow) || flag(elf, DYNAMIC.flags, DF_BIND_NOW) || flag(elf, DYNAMIC.flags1, DF_1_NOW);
  return now ? 'full' : 'partial';
}

function canaryOf(elf: ElfFile, linking: 'dynamic' | 'static'): Hardening['canary'] {
  if (usesGuard(elf)) return 'yes';
  if (linking === 'static') return 'unknown';
  return BUFFER_CALLS.some((call) => elf.imports.has(call)) ? 'no' : 'not-needed';
}

function fortifyOf(elf: ElfFile, linking: 'dynamic' | 'static', libc: Libc): Hardening['fortify'] {
  if ([...elf.imports].some((name) => /^__\w+_chk$/.test(name) && !name.startsWith('__stack'))) return 'yes';
  if (linking === 'static' || libc === 'musl' || libc === 'uclibc' || libc === 'unknown') return 'unknown';
  return FORTIFIABLE.some((call) => elf.imports.has(call)) ? 'no' : 'not-needed';
}

function controlFlowOf(elf: ElfFile): Hardening['controlFlow'] {
  const bit = (value: number): boolean => (elf.features & value) !== 0;
  if (elf.machine === 183) return [...(bit(1) ? (['bti'] as const) : []), ...(bit(2) ? (['pac'] as const) : [])];
  if (elf.machine === 62 || elf.machine === 3)
    return [...(bit(1) ? (['ibt'] as const) : []), ...(bit(2) ? (['shstk'] as const) : [])];
  return [];
}

/** Relative, empty, temporary, home or build folders; `$ORIGIN` is the program's own place. */
const unsafe = (path: string): boolean =>
  path === '' ||
  (!path.startsWith('/') && !path.startsWith('$ORIGIN')) ||
  /^\/(tmp|var\/tmp|home|root|build|opt\/build|mnt|usr\/src)(\/|$)/.test(path);
