/** How each ELF file of an image is hardened; what counts are user-space programs and libraries of the root's own machine. */

import { isElf, machineName, readElf } from '../../../codecs/formats/elf.ts';
import { type Hardening, hardeningOf } from '../../../codecs/formats/elf-hardening.ts';
import type { FileEntry, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { binaryHardening } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

interface Seen {
  readonly file: FileEntry;
  readonly hardening: Hardening;
  readonly machine: string;
  readonly bits: number;
  readonly little: boolean;
}

/** What one image's files gave until its end; the machine of a root is known only then. */
const seen = new WeakMap<AnalyzerContext['tree'], Seen[]>();

/** Programs that listen whatever their imports say. */
const DAEMONS = new Set(
  'telnetd utelnetd dropbear sshd lighttpd nginx uhttpd httpd boa goahead mini_httpd thttpd mosquitto vsftpd proftpd ftpd tftpd snmpd miniupnpd upnpd dnsmasq smbd nmbd hostapd udhcpd cwmpd tr069 rtspd avahi-daemon adbd inetd xinetd'.split(
    ' ',
  ),
);

export const binariesHardening: Analyzer = {
  id: 'binaries/hardening',
  title: 'Hardening of programs and libraries',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [binaryHardening],
  wants: (file) => file.type === 'file' && file.size >= 52,
  observe(file, content, context) {
    if (!isElf(content.read(0, 20))) return;
    const elf = readElf(content);
    if (elf === undefined) throw new FaultError('malformed', 'an ELF file whose headers can not be read');
    const one = {
      file,
      hardening: hardeningOf(elf, file.name),
      machine: machineName(elf.machine),
      bits: elf.bits,
      little: elf.little,
    };
    const list = seen.get(context.tree);
    if (list === undefined) seen.set(context.tree, [one]);
    else list.push(one);
  },
  finish(context) {
    const list = seen.get(context.tree) ?? [];
    const machines = new Map(context.tree.roots.map((root) => [root.path, machineOf(list, root)]));
    for (const one of list) emit(one, isCounted(one, machines), context);
    seen.delete(context.tree);
  },
};

/** The machine of most programs of a root. */
function machineOf(list: readonly Seen[], root: RootFileSystem): string | undefined {
  const counts = new Map<string, number>();
  for (const { file, machine, hardening } of list) {
    if (file.root === root.path && hardening.kind === 'program' && !foreignPlace(file.name))
      counts.set(machine, (counts.get(machine) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];
}

/** What a processor runs beside its own programs. */
const RUNS_TOO: { readonly [machine: string]: string } = { aarch64: 'arm', 'x86-64': 'x86' };
/** File systems of which one without a root of its own is mounted into another's: the maker's own programs, as a rule. */
const MOUNTED = /!(squashfs|cramfs|jffs2|ubifs|ext[234]?|yaffs2?|romfs|erofs|minix|f2fs|littlefs)\b[^!]*$/;

/** User-space programs and libraries that a root's processor runs: of that root, or of a file system that is mounted into one. */
function isCounted({ file, hardening, machine }: Seen, machines: ReadonlyMap<string, string | undefined>): boolean {
  if ((hardening.kind !== 'program' && hardening.kind !== 'library') || foreignPlace(file.name)) return false;
  const hosts =
    file.root === undefined ? (MOUNTED.test(file.container) ? [...machines.values()] : []) : [machines.get(file.root)];
  return hosts.some((host) => host !== undefined && (host === machine || RUNS_TOO[host] === machine));
}

/** Where code for other processors and for the kernel lies. */
const foreignPlace = (name: string): boolean =>
  /\/(lib|usr\/lib|vendor|etc)\/(firmware|modules)\//.test(name) ||
  /^\/(boot|firmware)\//.test(name) ||
  // What Android's runtime has compiled it maps by itself; the linker sees no more of it than the names.
  /\.(odex|oat|art)$/.test(name) ||
  /\/(vmlinux|u-?boot|uImage|zImage)[^/]*$/i.test(name);

function emit({ file, hardening, machine, bits, little }: Seen, counted: boolean, context: AnalyzerContext): void {
  const root = context.tree.roots.find((one) => one.path === file.root);
  const base = file.name.slice(file.name.lastIndexOf('/') + 1);
  const { runPaths, unsafeRunPath, listens, ...rest } = hardening;
  context.emit(
    binaryHardening,
    {
      file: file.name,
      counted,
      machine,
      bits,
      endian: little ? 'little' : 'big',
      ...rest,
      rpath: runPaths.slice(0, 16),
      unsafeRpath: unsafeRunPath,
      setuid: setuidOf(file, root),
      networkFacing: listens || DAEMONS.has(base),
      dangerous: [...rest.dangerous],
      controlFlow: [...rest.controlFlow],
    },
    { subject: { kind: 'file', path: file.path } },
  );
}

function setuidOf(file: FileEntry, root: RootFileSystem | undefined): 'yes' | 'no' | 'unknown' {
  if (file.mode === undefined || root?.keepsModes !== true) return 'unknown';
  return (file.mode & 0o6000) === 0 ? 'no' : 'yes';
}
