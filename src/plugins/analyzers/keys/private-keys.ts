/** Private keys in an image: found by parsing, told by fingerprint, with their weaknesses and who refers to them. */

import { isElf } from '../../../codecs/formats/elf.ts';
import { linesOf } from '../../../codecs/formats/text-lines.ts';
import { hasClosePrimes, hasRocaPrint, hasSmallFactor, sharingPrimes } from '../../../codecs/formats/weak-keys.ts';
import { type FileEntry, type FileTree, seenAt } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { accountFirstBoot, keyPrivate, serviceStart } from '../../../facts/index.ts';
import { KEY_WORDS, type KeyInFile, keysIn, mayHoldKeys, openedStore } from './found.ts';
import { namedBy, type Purpose, placeOf, purposeOf } from './places.ts';
import { type Service, servedBy } from './serving.ts';

const MAX_KEYS = 2000;
/** Keys that are compared pairwise. */
const COMPARED = 300;

interface Held {
  readonly file: FileEntry;
  readonly key: KeyInFile;
}
const held = new WeakMap<FileTree, Held[]>();

export const keysPrivateKeys: Analyzer = {
  id: 'keys/private-keys',
  title: 'Private keys',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [accountFirstBoot, serviceStart],
  produces: [keyPrivate],
  words: () => KEY_WORDS,
  wants: mayHoldKeys,
  observe(file, content, context) {
    const found = keysIn(content, file.name, context);
    const [store] = found;
    if (store?.format !== 'pkcs12') return hold(found, file, context);
    return openedStore(content, store).then((opened) => hold(opened, file, context));
  },
  finish(context) {
    const list = held.get(context.tree) ?? [];
    held.delete(context.tree);
    if (list.length === 0) return;
    // Who names a program does not refer to a key inside it.
    const files = new Set(list.filter(({ file }) => !isProgram(file, context)).map(({ file }) => file));
    const services = servedBy([...files], context);
    const { namers: names, cut } = namedBy([...files], context.tree);
    if (cut !== undefined) context.gap({ kind: 'over-budget', message: cut }, { area: 'root-file-system' });
    const moduli = list.flatMap(({ key }) => (key.modulus === undefined ? [] : [key.modulus]));
    if (new Set(moduli).size > COMPARED)
      context.gap({ kind: 'over-budget', message: `only ${COMPARED} keys were compared for shared primes` });
    const shared = sharingPrimes(moduli);
    const { keys } = context.knowledge('known-keys') as { readonly keys: { readonly [spki: string]: string } };
    const told = { shared, known: keys, context };
    for (const one of list) emit(one, { namer: names.get(one.file.path), service: services.get(one.file.path) }, told);
  },
};

function hold(found: readonly KeyInFile[], file: FileEntry, context: AnalyzerContext): void {
  if (found.some(({ untried }) => untried === true))
    context.gap({
      kind: 'over-budget',
      message: 'a locked key asks for so much work for one guess that no passphrase was tried, or not all',
    });
  if (found.length === 0) return;
  const list = held.get(context.tree) ?? [];
  held.set(context.tree, list);
  for (const key of found) {
    if (list.length === MAX_KEYS) {
      context.gap({ kind: 'over-budget', message: `more than ${MAX_KEYS} private keys in one image` });
      return;
    }
    list.push({ file, key });
  }
}

const isProgram = (file: FileEntry, context: AnalyzerContext): boolean => isElf(context.tree.content(file).read(0, 20));

function emit(
  { file, key }: Held,
  { namer, service }: { readonly namer: FileEntry | undefined; readonly service: Service | undefined },
  {
    shared,
    known,
    context,
  }: {
    readonly shared: ReadonlySet<bigint>;
    readonly known: { readonly [spki: string]: string };
    readonly context: AnalyzerContext;
  },
): void {
  const { format, type, bits, curve, spki, encrypted, passphrase, offset } = key;
  const owner = spki === undefined ? undefined : known[spki];
  const by = service?.file ?? namer?.name;
  const place = namer === undefined && service === undefined ? placeOf(seenAt(file)) : 'system';
  context.emit(
    keyPrivate,
    {
      file: file.name,
      format,
      type,
      bits,
      ...(curve === undefined ? {} : { curve }),
      ...(spki === undefined ? {} : { spki }),
      encrypted,
      ...(passphrase === undefined ? {} : { passphrase }),
      place,
      referenced: namer !== undefined || service !== undefined,
      ...(by === undefined ? {} : { referencedBy: by }),
      ...(service === undefined ? {} : { service: toldService(service) }),
      purpose: purposeIn(file, format, namer, service),
      replacedAtFirstBoot: replaced(file, context),
      ...(owner === undefined ? {} : { known: owner }),
      weaknesses: weaknessesOf(key, shared),
      readableByOthers: readable(file, context),
    },
    { subject: { kind: 'file', path: file.path }, where: `offset 0x${offset.toString(16)}` },
  );
}

const toldService = ({ daemon, setting, file, line, started }: Service): Omit<Service, 'purpose'> => ({
  daemon,
  setting,
  ...(file === undefined ? {} : { file }),
  ...(line === undefined ? {} : { line }),
  started,
});

/** What uses it says more than where it lies; a key of an authority or for updates stays one whatever else it is used for. */
function purposeIn(
  file: FileEntry,
  format: KeyInFile['format'],
  namer: FileEntry | undefined,
  service: Service | undefined,
): Purpose {
  const own = purposeOf(file.name);
  if (own === 'authority' || own === 'update-signing') return own;
  if (service !== undefined && service.purpose !== 'unknown') return service.purpose;
  if (format === 'dropbear') return 'ssh-host';
  return format === 'wireguard' ? 'vpn' : purposeOf(file.name, namer?.name);
}

type Weakness = 'small' | 'roca' | 'shared-prime' | 'close-primes' | 'small-exponent' | 'small-factor';

function weaknessesOf({ type, bits, modulus, exponent }: KeyInFile, shared: ReadonlySet<bigint>): Weakness[] {
  const least = type === 'RSA' || type === 'DSA' ? 2048 : type === 'EC' ? 224 : 0;
  const small: Weakness[] = bits > 0 && bits < least ? ['small'] : [];
  return modulus === undefined ? small : [...small, ...ofModulus(modulus, exponent, shared)];
}

function ofModulus(modulus: bigint, exponent: number | undefined, shared: ReadonlySet<bigint>): readonly Weakness[] {
  const signs: readonly (readonly [Weakness, boolean])[] = [
    ['shared-prime', shared.has(modulus)],
    ['small-factor', hasSmallFactor(modulus)],
    ['close-primes', modulus < 1n << 4200n && hasClosePrimes(modulus)],
    ['roca', hasRocaPrint(modulus)],
    ['small-exponent', exponent !== undefined && exponent < 3],
  ];
  return signs.filter(([, seen]) => seen).map(([weakness]) => weakness);
}

/**
 * A script that makes the key only when there is none (`[ -f key ] ||`) leaves the one of the image in place; one that
 * names the file without looking first may well replace it.
 */
function replaced(file: FileEntry, context: AnalyzerContext): 'yes' | 'no' | 'unknown' {
  for (const { data, subject } of context.facts.of(accountFirstBoot)) {
    if (data.what !== 'host-key' && data.what !== 'certificate') continue;
    if (subject.kind !== 'file' || !data.how.includes(file.name)) continue;
    const script = context.tree.get(subject.path);
    if (script === undefined || !looksFirst(script, file.name, context)) return 'unknown';
  }
  return 'no';
}

function looksFirst(script: FileEntry, name: string, context: AnalyzerContext): boolean {
  for (const { text } of linesOf(context.tree.content(script), { bytes: 256 << 10 }))
    if (text.includes(name) && /(\[|test|if)\s+(!\s+)?-[efrs]\s/.test(text)) return true;
  return false;
}

function readable(file: FileEntry, context: AnalyzerContext): 'yes' | 'no' | 'unknown' {
  const root = context.tree.roots.find(({ path }) => path === file.root);
  if (file.mode === undefined || root?.keepsModes !== true) return 'unknown';
  return (file.mode & 0o004) === 0 ? 'no' : 'yes';
}
