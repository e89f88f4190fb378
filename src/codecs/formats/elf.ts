/** ELF as the loader sees it: program headers and the dynamic section first, sections only for what they alone tell. System V gABI. */
import { type Blob, memoryBlob, textIn } from '../../lib/blob.ts';

export interface ElfSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

export interface ElfFile {
  readonly bits: 32 | 64;
  readonly little: boolean;
  /** 1 relocatable, 2 executable, 3 shared, 4 core. */
  readonly type: number;
  readonly machine: number;
  readonly segments: readonly ElfSegment[];
  readonly interpreter?: string;
  readonly dynamic: ReadonlyMap<number, readonly number[]>;
  readonly needed: readonly string[];
  readonly runPaths: readonly string[];
  /** Names of undefined symbols (imported), and of defined ones, from the dynamic table, else the symbol table. */
  readonly imports: ReadonlySet<string>;
  readonly exports: ReadonlySet<string>;
  readonly hasSymbolTable: boolean;
  readonly hasDebugInformation: boolean;
  /** Bits of GNU_PROPERTY_*_FEATURE_1_AND. */
  readonly features: number;
  /** What its headers claim and its bytes do not hold. */
  readonly oddities: readonly string[];
}

export const SEGMENT = {
  load: 1,
  dynamic: 2,
  interpreter: 3,
  note: 4,
  stack: 0x6474e551,
  relro: 0x6474e552,
  property: 0x6474e553,
} as const;
export const DYNAMIC = {
  needed: 1,
  hash: 4,
  strtab: 5,
  symtab: 6,
  strsz: 10,
  rpath: 15,
  textrel: 22,
  bindNow: 24,
  runpath: 29,
  flags: 30,
  gnuHash: 0x6ffffef5,
  flags1: 0x6ffffffb,
  mipsSymbols: 0x70000011,
} as const;

/** Bounds against lying headers. */
const LIMIT = { headers: 512, sections: 4096, symbols: 200_000, strings: 16 << 20, dynamic: 4096, name: 1024 };

const MACHINES: { readonly [machine: number]: string } = {
  2: 'sparc',
  3: 'x86',
  4: 'm68k',
  8: 'mips',
  20: 'powerpc',
  21: 'powerpc64',
  22: 's390',
  40: 'arm',
  42: 'sh',
  50: 'ia64',
  62: 'x86-64',
  93: 'arc',
  94: 'xtensa',
  164: 'hexagon',
  183: 'aarch64',
  195: 'arcv2',
  243: 'riscv',
  258: 'loongarch',
};
export const machineName = (machine: number): string => MACHINES[machine] ?? `machine-${machine}`;

export const isElf = (head: Uint8Array): boolean =>
  head.length >= 20 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;

/** Reads one ELF file; undefined when it is none. Never throws: what does not hold is left out and named in `oddities`. */
export function readElf(blob: Blob): ElfFile | undefined {
  const head = blob.read(0, 64);
  if (!isElf(head)) return undefined;
  const bits = head[4] === 2 ? 64 : 32;
  const little = head[5] !== 2;
  if ((head[4] !== 1 && head[4] !== 2) || head.length < (bits === 64 ? 64 : 52)) return undefined;
  return new Reader(blob, bits, little, head).read();
}

class Reader {
  readonly #blob: Blob;
  readonly #bits: 32 | 64;
  readonly #little: boolean;
  readonly #head: DataView;
  readonly #oddities: string[] = [];
  #segments: readonly ElfSegment[] = [];

  constructor(blob: Blob, bits: 32 | 64, little: boolean, head: Uint8Array) {
    this.#blob = blob;
    this.#bits = bits;
    this.#little = little;
    this.#head = view(head);
  }

  read(): ElfFile {
    const wide = this.#bits === 64;
    const half = (at: number): number => this.#head.getUint16(at, this.#little);
    this.#segments = this.#readSegments(
      this.#word(this.#head, wide ? 32 : 28),
      half(wide ? 54 : 42),
      half(wide ? 56 : 44),
    );
    const sections = this.#readSections(
      this.#word(this.#head, wide ? 40 : 32),
      half(wide ? 58 : 46),
      half(wide ? 60 : 48),
      half(wide ? 62 : 50),
    );
    const dynamic = this.#readDynamic();
    const strings = this.#dynamicStrings(dynamic);
    const symbols = this.#readSymbols(dynamic, strings, sections);
    const interpreter = this.#interpreter();
    const texts = (tag: number): readonly string[] =>
      (dynamic.get(tag) ?? []).map((at) => textAt(strings, at)).filter((text) => text !== '');
    return {
      bits: this.#bits,
      little: this.#little,
      type: half(16),
      machine: half(18),
      segments: this.#segments,
      ...(interpreter === undefined ? {} : { interpreter }),
      dynamic,
      needed: texts(DYNAMIC.needed),
      runPaths: [...texts(DYNAMIC.rpath), ...texts(DYNAMIC.runpath)].flatMap((path) => path.split(':')),
      imports: symbols.imports,
      exports: symbols.exports,
      hasSymbolTable: sections.some((section) => section.type === 2 && section.size > 0),
      hasDebugInformation: sections.some((section) => /^\.z?debug_(info|line)$/.test(section.name)),
      features: this.#features(),
      oddities: this.#oddities,
    };
  }

  /** An address-sized number; what a double can't hold exactly is beyond every file and clamps. */
  #word(bytes: DataView, at: number): number {
    if (at + (this.#bits === 64 ? 8 : 4) > bytes.byteLength) return 0;
    if (this.#bits === 32) return bytes.getUint32(at, this.#little);
    const value = bytes.getBigUint64(at, this.#little);
    return value > 0x1fffffffffffffn ? Number.MAX_SAFE_INTEGER : Number(value);
  }

  #table(
    offset: number,
    entry: number,
    count: number,
    least: number,
    limit: number,
    what: string,
  ): readonly DataView[] {
    if (count === 0 || offset === 0) return [];
    const size = Math.max(entry, least);
    if (entry < least || offset > this.#blob.size) {
      this.#oddities.push(`${what} lie outside the file`);
      return [];
    }
    const bytes = this.#blob.read(offset, size * Math.min(count, limit));
    const whole = Math.floor(bytes.length / size);
    if (whole < count) this.#oddities.push(`${what}: ${whole} of ${count} are there`);
    return Array.from({ length: whole }, (_, index) => view(bytes.subarray(index * size, (index + 1) * size)));
  }

  #readSegments(offset: number, entry: number, count: number): readonly ElfSegment[] {
    const wide = this.#bits === 64;
    return this.#table(offset, entry, count, wide ? 56 : 32, LIMIT.headers, 'program headers').map((row) => ({
      type: row.getUint32(0, this.#little),
      flags: row.getUint32(wide ? 4 : 24, this.#little),
      offset: this.#word(row, wide ? 8 : 4),
      address: this.#word(row, wide ? 16 : 8),
      fileSize: this.#word(row, wide ? 32 : 16),
    }));
  }

  #readSections(offset: number, entry: number, count: number, namesIndex: number): readonly Section[] {
    const wide = this.#bits === 64;
    const rows = this.#table(offset, entry, count, wide ? 64 : 40, LIMIT.sections, 'section headers').map((row) => ({
      nameAt: row.getUint32(0, this.#little),
      type: row.getUint32(4, this.#little),
      offset: this.#word(row, wide ? 24 : 16),
      size: this.#word(row, wide ? 32 : 20),
      link: row.getUint32(wide ? 40 : 24, this.#little),
    }));
    const table = rows[namesIndex];
    const names =
      table === undefined ? new Uint8Array(0) : this.#blob.read(table.offset, Math.min(table.size, 1 << 20));
    return rows.map((row) => ({ ...row, name: textAt(names, row.nameAt) }));
  }

  /** Where in the file an address is loaded from. */
  #offsetOf(address: number): number | undefined {
    const segment = this.#segments.find(
      (one) => one.type === SEGMENT.load && address >= one.address && address < one.address + one.fileSize,
    );
    return segment === undefined ? undefined : segment.offset + (address - segment.address);
  }

  #readDynamic(): Map<number, number[]> {
    const found = new Map<number, number[]>();
    const segment = this.#segments.find((one) => one.type === SEGMENT.dynamic);
    if (segment === undefined) return found;
    const size = this.#bits / 4;
    const bytes = view(this.#blob.read(segment.offset, Math.min(segment.fileSize, LIMIT.dynamic * size)));
    for (let at = 0; at + size <= bytes.byteLength; at += size) {
      const tag = this.#word(bytes, at);
      if (tag === 0) break;
      const value = this.#word(bytes, at + size / 2);
      const values = found.get(tag);
      if (values === undefined) found.set(tag, [value]);
      else values.push(value);
    }
    return found;
  }

  #dynamicStrings(dynamic: ReadonlyMap<number, readonly number[]>): Uint8Array {
    const address = dynamic.get(DYNAMIC.strtab)?.[0];
    const offset = address === undefined ? undefined : this.#offsetOf(address);
    if (offset === undefined) return new Uint8Array(0);
    return this.#blob.read(offset, Math.min(dynamic.get(DYNAMIC.strsz)?.[0] ?? 0, LIMIT.strings));
  }

  #readSymbols(
    dynamic: ReadonlyMap<number, readonly number[]>,
    strings: Uint8Array,
    sections: readonly Section[],
  ): { imports: Set<string>; exports: Set<string> } {
    const symbols = { imports: new Set<string>(), exports: new Set<string>() };
    const address = dynamic.get(DYNAMIC.symtab)?.[0];
    const offset = address === undefined ? undefined : this.#offsetOf(address);
    if (offset !== undefined && address !== undefined)
      this.#symbolTable(offset, this.#symbolCount(dynamic, address, sections), strings, symbols);
    const table = sections.find((section) => section.type === 2);
    const names = table === undefined ? undefined : sections[table.link];
    // A static program has no dynamic table: its own symbol table tells what was linked in.
    if (offset === undefined && table !== undefined && names !== undefined) {
      const size = this.#bits === 64 ? 24 : 16;
      this.#symbolTable(
        table.offset,
        Math.floor(table.size / size),
        this.#blob.read(names.offset, Math.min(names.size, LIMIT.strings)),
        symbols,
      );
    }
    return symbols;
  }

  #symbolTable(
    offset: number,
    count: number,
    strings: Uint8Array,
    into: { imports: Set<string>; exports: Set<string> },
  ): void {
    const size = this.#bits === 64 ? 24 : 16;
    const bytes = view(this.#blob.read(offset, Math.min(count, LIMIT.symbols) * size));
    // Large libraries have thousands of names: cut out of one text they cost least.
    const names = textIn(memoryBlob(strings), 0, strings.length);
    for (let at = size; at + size <= bytes.byteLength; at += size) {
      const start = bytes.getUint32(at, this.#little);
      if (start >= names.length || names.charCodeAt(start) === 0) continue;
      const end = names.indexOf('\0', start);
      const name = names.slice(start, Math.min(end < 0 ? names.length : end, start + LIMIT.name));
      const section = bytes.getUint16(at + (this.#bits === 64 ? 6 : 14), this.#little);
      (section === 0 ? into.imports : into.exports).add(name);
    }
  }

  /** DT_HASH says it, DT_GNU_HASH implies it, MIPS has a tag of its own; else the string table usually follows. */
  #symbolCount(dynamic: ReadonlyMap<number, readonly number[]>, symtab: number, sections: readonly Section[]): number {
    const mips = this.#head.getUint16(18, this.#little) === 8 ? dynamic.get(DYNAMIC.mipsSymbols)?.[0] : undefined;
    if (mips !== undefined) return mips;
    const hash = dynamic.get(DYNAMIC.hash)?.[0];
    const at = hash === undefined ? undefined : this.#offsetOf(hash);
    if (at !== undefined) {
      const bytes = view(this.#blob.read(at, 8));
      if (bytes.byteLength === 8) return bytes.getUint32(4, this.#little);
    }
    const gnu = this.#gnuHashCount(dynamic.get(DYNAMIC.gnuHash)?.[0]);
    if (gnu !== undefined) return gnu;
    const section = sections.find((one) => one.type === 11);
    const size = this.#bits === 64 ? 24 : 16;
    if (section !== undefined) return Math.floor(section.size / size);
    const strtab = dynamic.get(DYNAMIC.strtab)?.[0] ?? 0;
    return strtab > symtab ? Math.floor((strtab - symtab) / size) : 0;
  }

  /** The highest symbol in a bucket, and on to the end of its chain (bit 0 set). */
  #gnuHashCount(address: number | undefined): number | undefined {
    const at = address === undefined ? undefined : this.#offsetOf(address);
    if (at === undefined) return undefined;
    const head = view(this.#blob.read(at, 16));
    if (head.byteLength < 16) return undefined;
    const [buckets, first, bloom] = [0, 4, 8].map((place) => head.getUint32(place, this.#little)) as [
      number,
      number,
      number,
    ];
    if (buckets > LIMIT.symbols || bloom > LIMIT.symbols) return undefined;
    const bucketsAt = at + 16 + bloom * (this.#bits / 8);
    const table = view(this.#blob.read(bucketsAt, buckets * 4));
    let last = 0;
    for (let place = 0; place + 4 <= table.byteLength; place += 4)
      last = Math.max(last, table.getUint32(place, this.#little));
    // A file that exports nothing has an empty table, whose first index says nothing of the imports.
    if (last < first) return undefined;
    // Nearly every chain is short.
    for (const most of [64, 4096]) {
      const chain = view(this.#blob.read(bucketsAt + buckets * 4 + (last - first) * 4, 4 * most));
      for (let place = 0; place + 4 <= chain.byteLength; place += 4)
        if ((chain.getUint32(place, this.#little) & 1) === 1) return last + place / 4 + 1;
      if (chain.byteLength < 4 * most || most === 4096) return last + Math.floor(chain.byteLength / 4) + 1;
    }
    return last + 1;
  }

  #interpreter(): string | undefined {
    const segment = this.#segments.find((one) => one.type === SEGMENT.interpreter);
    return segment === undefined
      ? undefined
      : textAt(this.#blob.read(segment.offset, Math.min(segment.fileSize, 256)), 0);
  }

  /** .note.gnu.property by PT_GNU_PROPERTY: FEATURE_1_AND of x86 (0xc0000002) and AArch64 (0xc0000000). */
  #features(): number {
    const segment = this.#segments.find((one) => one.type === SEGMENT.property);
    if (segment === undefined) return 0;
    const bytes = view(this.#blob.read(segment.offset, Math.min(segment.fileSize, 512)));
    for (let at = 16; at + 12 <= bytes.byteLength; ) {
      const type = bytes.getUint32(at, this.#little);
      const size = bytes.getUint32(at + 4, this.#little);
      if (type === 0xc0000002 || type === 0xc0000000) return bytes.getUint32(at + 8, this.#little);
      at += 8 + Math.ceil(Math.max(size, 1) / (this.#bits / 8)) * (this.#bits / 8);
    }
    return 0;
  }
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function textAt(bytes: Uint8Array, at: number): string {
  if (at >= bytes.length) return '';
  const end = bytes.indexOf(0, at);
  const stop = Math.min(end < 0 ? bytes.length : end, at + LIMIT.name);
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, stop - at).toString('latin1');
}
