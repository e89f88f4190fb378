/** A second slot or a recovery system, by what the update client or the partition table says. That there is none is said only by a whole table. */

import { wholeText } from '../../../codecs/formats/text-lines.ts';
import type { FileTree } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import type { Subject } from '../../../core/model/target.ts';
import { imageContainer, updateSlot } from '../../../facts/index.ts';

const MOST = 512 << 10;
type Kind = 'a-b' | 'recovery' | 'none';
interface Slots {
  readonly kind: Kind;
  readonly detail: string;
}

const READERS: readonly (readonly [RegExp, (text: string) => Slots | undefined])[] = [
  [/^(\/etc|\/usr\/lib)\/rauc\/system\.conf$/, raucSlots],
  [/^(\/etc|\/data|\/var\/lib)\/mender\/mender\.conf$/, menderSlots],
  [/^\/(vendor\/|system\/)?(etc\/)?fstab\.[\w.-]+$/, androidSlots],
];
const readerOf = (name: string) => READERS.find(([pattern]) => pattern.test(name))?.[1];

export const updatesSlots: Analyzer = {
  id: 'updates/slots',
  title: 'Second slot or recovery system',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [imageContainer],
  produces: [updateSlot],
  wants: (file) => file.type === 'file' && file.root !== undefined && readerOf(file.name) !== undefined,
  observe(file, content, context) {
    const slots = readerOf(file.name)?.(wholeText(content, MOST) ?? '');
    if (slots !== undefined) context.emit(updateSlot, slots, { subject: { kind: 'file', path: file.path } });
  },
  finish(context) {
    const { tree } = context;
    for (const { data, subject } of context.facts.of(imageContainer)) {
      if (!data.path.startsWith(tree.image)) continue;
      if (data.format === 'image/esp-partition-table') tellTable((data.note ?? '').split(', '), subject, context);
      const slots = data.format === 'image/gpt' ? partitionSlots(partitionsIn(tree, data.path)) : undefined;
      if (slots !== undefined) context.emit(updateSlot, slots, { subject });
    }
  },
};

/** The names of a disk's partitions: each is a file right below its table. */
function partitionsIn(tree: FileTree, table: string): readonly string[] {
  const below = `${table}/`;
  return [...tree.entries()]
    .filter(({ path }) => path.startsWith(below))
    .map(({ path }) => path.slice(below.length))
    .filter((name) => !/[/!]/.test(name));
}

const SYSTEM = /^(boot|system|root(fs)?|kernel|vbmeta|firmware|image|os)$/i;

/** By the names of partitions (`boot_a` and `boot_b`, `ROOT-A` and `ROOT-B`, `recovery`); a table without such names says nothing. */
export function partitionSlots(names: readonly string[]): Slots | undefined {
  const all = new Set(names.map((name) => name.toLowerCase()));
  const pair = [...all]
    .map((name) => /^(.+?)([_-]?)a$/.exec(name))
    .find((match) => SYSTEM.test(match?.[1] ?? '') && all.has(`${match?.[1]}${match?.[2]}b`));
  if (pair !== undefined && pair !== null)
    return { kind: 'a-b', detail: `partition table: ${pair[0]} and ${pair[1]}${pair[2]}b` };
  const rescue = [...all].find((name) => /^(recovery|rescue)(os)?$/.test(name));
  return rescue === undefined ? undefined : { kind: 'recovery', detail: `partition table: ${rescue}` };
}

/** Espressif: the table names every partition of the flash. */
function tellTable(names: readonly string[], subject: Subject, context: AnalyzerContext): void {
  const applications = names.filter(
    (name) => /^(ota_?\d+|app\d+|factory|.*(recovery|ota|app).*)$/i.test(name) && name !== 'otadata',
  );
  const slots = applications.filter((name) => /^(ota_?|app)\d+$/i.test(name));
  const kind = slots.length > 1 ? 'a-b' : applications.length > 1 ? 'recovery' : 'none';
  // A name is the maker's own choice: without an application by a known name nothing is said.
  if (!applications.some((name) => /^(ota_?\d+|app\d+|factory)$/i.test(name))) return;
  context.emit(updateSlot, { kind, detail: `partition table: ${applications.join(', ')}` }, { subject });
}

/** Slots of one class and the slot that is booted into for rescue. */
function raucSlots(text: string): Slots | undefined {
  const names = [...text.matchAll(/^\s*\[slot\.([\w-]{1,60})\.(\d{1,3})\]\s*$/gm)].map(([, kind = '', number]) => ({
    kind,
    number,
  }));
  const kinds = new Set(names.map(({ kind }) => kind));
  const twice = [...kinds].find(
    (kind) => new Set(names.filter((one) => one.kind === kind).map(({ number }) => number)).size > 1,
  );
  if (twice !== undefined) return { kind: 'a-b', detail: `RAUC: two slots of ${twice}` };
  const rescue = [...kinds].find((kind) => /^(rescue|recovery)/.test(kind));
  return rescue === undefined ? undefined : { kind: 'recovery', detail: `RAUC: slot ${rescue}` };
}

function menderSlots(text: string): Slots | undefined {
  const [a, b] = ['A', 'B'].map((slot) => new RegExp(`"RootfsPart${slot}"\\s*:\\s*"([^"]{1,200})"`).exec(text)?.[1]);
  return a === undefined || b === undefined || a === b ? undefined : { kind: 'a-b', detail: `Mender: ${a} and ${b}` };
}

function androidSlots(text: string): Slots | undefined {
  return /^[^#\n]*\bslotselect\b/m.test(text) ? { kind: 'a-b', detail: 'Android: slotselect' } : undefined;
}
