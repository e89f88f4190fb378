/** Signs of verified boot that files can show: AVB, dm-verity, MCUboot, ESP, i.MX and STM32 headers, UEFI signatures. What the fuses of the chip say no file tells. */
import { childOf, fdtTree, stringOf } from '../../../codecs/formats/fdt.ts';
import { linesOf } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { bootVerification, kernelCommandLine } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { commandLineOf } from './command-line.ts';
import { fitKeysIn } from './fit-keys.ts';

type Kind = 'fit-signature' | 'avb' | 'dm-verity' | 'soc-header' | 'mcuboot' | 'esp-secure-boot' | 'uefi';
interface Sign {
  readonly kind: Kind;
  readonly present: boolean;
  readonly detail: string;
}
type Look = (head: Buffer, content: Blob) => Sign | undefined;

const TABLES = /^\/((vendor\/etc\/|odm\/etc\/|system\/etc\/|first_stage_ramdisk\/)?fstab(\.[\w.-]+)?|etc\/veritytab)$/;
const CONFIGURATION = /(^|\/)(ikconfig|config-\d[\w.-]*)$/;

export const bootVerifications: Analyzer = {
  id: 'boot/verification',
  title: 'Signs of verified boot',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [bootVerification, kernelCommandLine],
  wants: (file) =>
    file.type === 'file' &&
    file.size >= 64 &&
    (file.root === undefined ||
      TABLES.test(file.name) ||
      /^\/boot\/|\.(dtb|efi|img|imx|stm32)$|\/u-boot|\/vbmeta/.test(file.name)),
  observe(file, content, context) {
    if (TABLES.test(file.name)) return tellTable(file, content, context);
    if (CONFIGURATION.test(file.name)) return tellBuiltIn(file, content, context);
    const head = Buffer.from(content.read(0, 4096));
    for (const look of LOOKS) {
      const sign = look(head, content);
      if (sign !== undefined) tell(file, sign, context);
    }
    if (head.readUInt32BE(0) === 0xd00dfeed) tellTree(file, content, context);
  },
};

function tell(file: FileEntry, { kind, present, detail }: Sign, context: AnalyzerContext): void {
  const subject = { kind: 'file', path: `${file.path}#${kind}` } as const;
  context.emit(bootVerification, { kind, present, file: file.name, detail: detail.slice(0, 200) }, { subject });
}

/** AvbVBMetaImageHeader and AvbFooter (libavb). */
const AVB_NONE = 0;
function vbmetaSign(header: Buffer, own: boolean): Sign | undefined {
  if (header.length < 256 || header.toString('latin1', 0, 4) !== 'AVB0' || header.readUInt32BE(4) !== 1)
    return undefined;
  const [algorithm, flags] = [header.readUInt32BE(28), header.readUInt32BE(120)];
  if (flags > 3) return undefined;
  if ((flags & 2) !== 0) return { kind: 'avb', present: false, detail: 'the flags of vbmeta switch verification off' };
  if ((flags & 1) !== 0) return { kind: 'avb', present: false, detail: 'the flags of vbmeta switch dm-verity off' };
  // What a footer points at may be vouched for by the vbmeta partition.
  if (algorithm === AVB_NONE)
    return own ? { kind: 'avb', present: false, detail: 'vbmeta carries no signature' } : undefined;
  return { kind: 'avb', present: true, detail: 'vbmeta with a signature' };
}

function footerSign(content: Blob): Sign | undefined {
  const footer = Buffer.from(content.read(content.size - 64, 64));
  if (footer.length < 64 || footer.toString('latin1', 0, 4) !== 'AVBf') return undefined;
  const at = Number(footer.readBigUInt64BE(20));
  return at < content.size ? vbmetaSign(Buffer.from(content.read(at, 256)), false) : undefined;
}

/** PE optional header, data directory 4: the table of certificates (PE/COFF §Optional Header Data Directories). */
function peSign(head: Buffer): Sign | undefined {
  if (head.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const at = head.readUInt32LE(60);
  if (at + 180 > head.length || head.toString('latin1', at, at + 4) !== 'PE\0\0') return undefined;
  const plus = head.readUInt16LE(at + 24) === 0x20b;
  const directory = at + 24 + (plus ? 112 : 96) + 4 * 8;
  const subsystem = head.readUInt16LE(at + 24 + 68);
  const efi = subsystem >= 10 && subsystem <= 13;
  return efi && head.readUInt32LE(directory + 4) > 8
    ? { kind: 'uefi', present: true, detail: 'an EFI program with a certificate table' }
    : undefined;
}

const MCUBOOT = 0x96f3b83d;
const SIGNATURES = new Set([0x20, 0x21, 0x22, 0x23, 0x24, 0x25]);
function mcubootSign(head: Buffer, content: Blob): Sign | undefined {
  if (head.readUInt32LE(0) !== MCUBOOT) return undefined;
  let at = head.readUInt16LE(8) + head.readUInt32LE(12) + head.readUInt16LE(10);
  const info = Buffer.from(content.read(at, 4));
  if (info.length < 4 || info.readUInt16LE(0) !== 0x6907) return undefined;
  const end = at + info.readUInt16LE(2);
  at += 4;
  for (let turn = 0; at + 4 <= end && turn < 64; turn += 1) {
    const entry = Buffer.from(content.read(at, 4));
    if (entry.length < 4) return undefined;
    if (SIGNATURES.has(entry[0] ?? 0)) return { kind: 'mcuboot', present: true, detail: 'an image with a signature' };
    at += 4 + entry.readUInt16LE(2);
  }
  return undefined;
}

/** Signature block at the last sector of an ESP-IDF image: magic 0xE7, version 2 or 3 (espsecure). */
function espSign(head: Buffer, content: Blob): Sign | undefined {
  if (head[0] !== 0xe9 || content.size % 4096 !== 0) return undefined;
  const block = content.read(content.size - 4096, 2);
  return block[0] === 0xe7 && (block[1] === 2 || block[1] === 3)
    ? { kind: 'esp-secure-boot', present: true, detail: 'an image with a signature block of secure boot v2' }
    : undefined;
}

/** Image vector table of i.MX with a command sequence file: HAB checks a signature (IVT: tag 0xD1, length 32, CSF at 24). */
function imxSign(head: Buffer): Sign | undefined {
  for (const at of [0, 0x400]) {
    if (
      head.length < at + 32 ||
      head[at] !== 0xd1 ||
      head.readUInt16BE(at + 1) !== 32 ||
      ((head[at + 3] ?? 0) & 0xf0) !== 0x40
    )
      continue;
    const [self, boot, csf] = [head.readUInt32LE(at + 20), head.readUInt32LE(at + 16), head.readUInt32LE(at + 24)];
    if (boot === self + 32 && csf > self)
      return { kind: 'soc-header', present: true, detail: 'i.MX: a command sequence file for HAB' };
  }
  return undefined;
}

/** Header of STM32MP1's boot ROM: bit 0 of the option flags leaves the signature out (wiki.st.com, STM32 header). */
function stm32Sign(head: Buffer): Sign | undefined {
  if (head.toString('latin1', 0, 4) !== 'STM2' || head.readUInt32LE(72) >>> 16 !== 1) return undefined;
  const signed = (head.readUInt32LE(100) & 1) === 0 && head.subarray(4, 68).some((byte) => byte !== 0);
  return signed ? { kind: 'soc-header', present: true, detail: 'STM32: a signed header' } : undefined;
}

const veritySign: Look = (head) =>
  head.toString('latin1', 0, 8) === 'verity\0\0' && head.readUInt32LE(8) === 1
    ? { kind: 'dm-verity', present: true, detail: 'a hash tree of dm-verity' }
    : undefined;

function fitSign(head: Buffer, content: Blob): Sign | undefined {
  const tree = head.readUInt32BE(0) === 0xd00dfeed;
  if (!tree && !Buffer.from(content.read(0, 16 << 20)).includes('U-Boot ')) return undefined;
  const keys = fitKeysIn(content);
  if (keys === undefined || keys.length === 0) return undefined;
  const required = keys.find((key) => key.required !== undefined);
  return required === undefined
    ? {
        kind: 'fit-signature',
        present: false,
        detail: 'keys in the device tree of the loader, none of which is required',
      }
    : {
        kind: 'fit-signature',
        present: true,
        detail: `the loader requires ${required.name} for each ${required.required}`,
      };
}

const LOOKS: readonly Look[] = [
  (head) => vbmetaSign(head, true),
  (_head, content) => footerSign(content),
  peSign,
  mcubootSign,
  espSign,
  imxSign,
  stm32Sign,
  veritySign,
  fitSign,
];

/** Android's fstab (`avb=vbmeta`, `verify`) and veritytab(5). */
function tellTable(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  const cut = (message: string): void => context.gap({ kind: 'over-budget', message });
  for (const { number, text } of linesOf(content, { cut })) {
    const words = text.trim().split(/\s+/);
    if (text.trim().startsWith('#') || words.length < 3) continue;
    const verity = file.name.endsWith('veritytab');
    const flag = verity ? 'veritytab' : /(?:^|,)(verify|avb)(?:[=,]|$)/.exec(words[4] ?? '')?.[1];
    if (flag === undefined) continue;
    tell(
      file,
      { kind: 'dm-verity', present: true, detail: `line ${number}: ${words[verity ? 0 : 1]} is mounted with ${flag}` },
      context,
    );
    return;
  }
}

/** The command line that a kernel was built with. */
function tellBuiltIn(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  for (const { text } of linesOf(content)) {
    const line = /^CONFIG_CMDLINE="(.+)"$/.exec(text)?.[1];
    if (line !== undefined) emitLine(line, `CONFIG_CMDLINE of ${file.name}`, file, [], context);
  }
}

/** `/chosen`: bootargs, and where the console goes (Devicetree Specification §3.6). */
function tellTree(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  const root = fdtTree(content, 0);
  const chosen = childOf(root, 'chosen');
  const line = stringOf(chosen, 'bootargs');
  const out = stringOf(chosen, 'stdout-path') ?? stringOf(chosen, 'linux,stdout-path');
  if (line !== undefined && line.trim() !== '')
    emitLine(line, `device tree ${file.name}`, file, out === undefined ? [] : [out], context);
}

function emitLine(
  line: string,
  source: string,
  file: FileEntry,
  more: readonly string[],
  context: AnalyzerContext,
): void {
  const told = commandLineOf(line, source);
  context.emit(
    kernelCommandLine,
    { ...told, consoles: [...told.consoles, ...more] },
    { subject: { kind: 'file', path: `${file.path}#command-line` } },
  );
}
