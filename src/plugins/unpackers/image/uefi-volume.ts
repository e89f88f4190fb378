/** UEFI firmware volumes (PI 1.8, volume 3): their files by the names that they have, and volumes inside of volumes. */
import { ascii } from '../../../codecs/formats/fields.ts';
import {
  FileType,
  type FirmwareFile,
  type FirmwareVolume,
  filesOf,
  firmwareVolume,
  nameOf,
  SECTION_NAMES,
  type Section,
  SectionType,
  sectionsOf,
} from '../../../codecs/formats/uefi-files.ts';
import { innerSections } from '../../../codecs/formats/uefi-packed.ts';
import type { Sink, UnpackContext, Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';

/** Sections inside of sections. */
const MOST_DEPTH = 16;

export const uefiVolume: Unpacker = {
  id: 'image/uefi-volume',
  title: 'UEFI firmware volume',
  class: 'image',
  magic: [{ bytes: ascii('_FVH'), at: 40 }],
  locate(blob, offset) {
    const volume = firmwareVolume(blob, offset);
    if (volume === undefined) return undefined;
    return { start: offset, end: offset + volume.size, note: volume.format ?? 'of an unknown kind' };
  },
  async unpack(container, into, context) {
    const volume = firmwareVolume(container);
    // Variables are data, not files.
    if (volume === undefined || volume.format === 'variables') return;
    if (volume.format === undefined) {
      into.note({ start: volume.filesAt, end: container.size, what: 'volume of an unknown kind', kind: 'unknown' });
      throw new FaultError('unsupported', 'UEFI firmware volume: its kind is not known, its files are not read');
    }
    await new Giver(container, volume, into, context).all();
  },
};

/** One payload of a file, until all of them are known. */
interface Payload {
  readonly type: number;
  readonly content: Blob;
}

/** Sections, and where they lie in the container unless they were unpacked. */
interface Stream {
  readonly blob: Blob;
  readonly at?: number;
}

class Giver {
  readonly #container: Blob;
  readonly #volume: FirmwareVolume;
  readonly #into: Sink;
  readonly #context: UnpackContext;
  readonly #names = new Set<string>();

  constructor(container: Blob, volume: FirmwareVolume, into: Sink, context: UnpackContext) {
    this.#container = container;
    this.#volume = volume;
    this.#into = into;
    this.#context = context;
  }

  async all(): Promise<void> {
    let end = this.#volume.filesAt;
    try {
      for (const file of filesOf(this.#container, this.#volume)) {
        this.#context.signal.throwIfAborted();
        end = Math.min(Math.ceil(file.end / 8) * 8, this.#container.size);
        if (file.type === FileType.padding) this.#padding(file.dataAt, file.end, 'padding file');
        else if (!file.deleted) await this.#file(file);
      }
    } catch (thrown) {
      this.#tell('', thrown);
    }
    this.#padding(end, this.#container.size, 'free space');
  }

  /** Bytes that are not all erased may be anything. */
  #padding(start: number, end: number, what: string): void {
    if (start >= end) return;
    let blank = true;
    for (const chunk of chunksOf(this.#container.slice(start, end)))
      if (!chunk.every((byte) => byte === this.#volume.erased)) blank = false;
    this.#into.note({ start, end, what, kind: blank ? 'padding' : 'unknown' });
  }

  /** A broken piece is told; a spent budget, an abort or a bug ends the whole. */
  #tell(name: string, thrown: unknown): void {
    const fault = faultOf(thrown);
    if (fault.kind === 'bug' || fault.kind === 'stopped') throw thrown;
    this.#into.broken(name, fault);
  }

  async #file(file: FirmwareFile): Promise<void> {
    const content = this.#container.slice(file.dataAt, file.end);
    if (file.type === FileType.raw) {
      await this.#into.file(`/${file.guid}.raw`, content);
      return;
    }
    const found: Payload[] = [];
    const named: { name?: string } = {};
    this.#collect({ blob: content, at: file.dataAt }, found, named, file.guid, 0);
    const name = this.#free(named.name, file.guid);
    const payloads = found.filter(({ type }) => type !== SectionType.volume);
    for (const [index, { type, content: payload }] of payloads.entries()) {
      const ending = SECTION_NAMES.get(type) ?? `section-${type.toString(16)}`;
      await this.#into.file(payloads.length === 1 ? `/${name}.${ending}` : `/${name}/${index}.${ending}`, payload);
    }
    for (const { type, content: inner } of found) if (type === SectionType.volume) await this.#into.part(name, inner);
  }

  /** Names of sections are for people and may be there twice. */
  #free(wanted: string | undefined, guid: string): string {
    const safe = wanted?.replaceAll('/', '_') ?? '';
    const taken = safe === '' || safe === '.' || safe === '..' || this.#names.has(safe);
    const name = taken ? guid : safe;
    this.#names.add(name);
    return name;
  }

  #collect(stream: Stream, found: Payload[], named: { name?: string }, guid: string, depth: number): void {
    try {
      for (const section of sectionsOf(stream.blob)) this.#section(stream, section, found, named, guid, depth);
    } catch (thrown) {
      this.#tell(guid, thrown);
    }
  }

  #section(
    { blob, at }: Stream,
    section: Section,
    found: Payload[],
    named: { name?: string },
    guid: string,
    depth: number,
  ): void {
    const { type, dataAt, end } = section;
    if (type === SectionType.name) named.name ??= nameOf(blob.read(dataAt, end - dataAt));
    if (type === SectionType.name || type === SectionType.version) return;
    if (depth >= MOST_DEPTH)
      throw new FaultError('over-budget', `sections lie deeper than ${MOST_DEPTH} in each other`);
    let inner: Blob | undefined;
    try {
      inner = innerSections(blob, section);
    } catch (thrown) {
      // The packed bytes themselves are kept: what they hold was not seen.
      found.push({ type, content: blob.slice(dataAt, end) });
      if (at !== undefined)
        this.#into.note({ start: at + dataAt, end: at + end, what: 'a section that is not read', kind: 'unknown' });
      this.#tell(guid, thrown);
      return;
    }
    if (inner === undefined) found.push({ type, content: blob.slice(dataAt, end) });
    else this.#collect({ blob: inner }, found, named, guid, depth + 1);
  }
}
