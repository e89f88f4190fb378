/** SWUpdate archives: a signed sw-description in a cpio, which binds each image by its SHA-256. */
import { cmsType, parseCms } from '../../../codecs/formats/cms.ts';
import { type CpioMember, cpioMembers, formOf } from '../../../codecs/formats/cpio.ts';
import { type Group, isGroup, type Setting, settingsOf } from '../../../codecs/formats/libconfig.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { type Message, messageOf } from '../../../codecs/signatures/message.ts';
import { attribute, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Fault, faultOf } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const DESCRIPTION = 'sw-description';
const SIGNATURE = 'sw-description.sig';
const MOST_MEMBERS = 10_000;
const MOST_DESCRIPTION = 8 << 20;

const isDescribed = (artefact: Blob): boolean => {
  if (!['newc', 'crc'].includes(formOf(artefact.read(0, 6)) ?? '')) return false;
  return Buffer.from(artefact.read(110, DESCRIPTION.length + 1)).toString('latin1') === `${DESCRIPTION}\0`;
};

export const swupdate: Verifier = {
  id: 'bundle/swupdate',
  title: 'SWUpdate archive',
  recognise: isDescribed,
  async verify(artefact, context) {
    const { members, faults } = membersOf(artefact);
    const range = ({ start, size, name }: CpioMember): ByteRange => ({ start, end: start + size, what: name });
    const description = members.find(({ name }) => name === DESCRIPTION);
    if (description === undefined) return told(artefact, { payload: [], read: [], signatures: [], faults });
    const message = messageOf(artefact, [range(description)]);
    const text = message.bytes(MOST_DESCRIPTION);
    const signature = members.find(({ name }) => name === SIGNATURE);
    const signatures =
      signature === undefined
        ? []
        : await signaturesOf(context, message, artefact.read(signature.start, Math.min(signature.size, 4 << 20)));
    const read: Range[] = signatures.length === 0 ? [] : [...message.read];
    const settings = readable(text);
    if ('fault' in settings) {
      const payload = members.filter(({ name }) => name !== SIGNATURE).map(range);
      return told(artefact, { payload, read, signatures, faults: [...faults, settings.fault], encrypted: true });
    }
    const images = await imagesOf(artefact, members, settings.group, context);
    return told(artefact, {
      payload: [range(description), ...images.payload],
      read: [...read, ...(signatures.length === 0 ? [] : images.read)],
      signatures,
      faults,
      broken: signatures.length === 0 ? [] : images.broken,
      integrity: [...sums(artefact, members), ...(signatures.length === 0 ? images.digests : [])],
      settings: settings.group,
      encrypted: images.encrypted,
    });
  },
};

function membersOf(artefact: Blob): { readonly members: readonly CpioMember[]; readonly faults: readonly Fault[] } {
  const members: CpioMember[] = [];
  try {
    for (const member of cpioMembers(artefact)) {
      if (member.start + member.size > artefact.size)
        return { members, faults: [{ kind: 'truncated', message: `the archive ends inside ${member.name}` }] };
      members.push(member);
      if (members.length > MOST_MEMBERS)
        return { members, faults: [{ kind: 'over-budget', message: 'the archive has too many members' }] };
    }
    return { members, faults: [] };
  } catch (error) {
    return { members, faults: [faultOf(error)] };
  }
}

async function signaturesOf(
  context: VerifyContext,
  message: Message,
  signature: Uint8Array,
): Promise<readonly Signed[]> {
  if (cmsType(signature) !== undefined) return cmsSignatures(context, parseCms(signature), message);
  // Raw RSA states neither its padding nor its digest: SHA-256, by SWUpdate's reader.
  const plain = await attribute(context, {
    scheme: { algorithm: 'RSASSA-PKCS1-v1_5', hash: 'sha256' },
    message,
    signature,
  });
  if (plain.verifiedBy !== undefined || plain.sampleKey !== undefined || plain.outcome === 'refused') return [plain];
  const pss = await attribute(context, { scheme: { algorithm: 'RSASSA-PSS', hash: 'sha256' }, message, signature });
  return [pss.verifiedBy !== undefined || pss.sampleKey !== undefined ? pss : plain];
}

/** An encrypted sw-description is no text. */
function readable(text: Buffer): { readonly group: Group } | { readonly fault: Fault } {
  const control = text.subarray(0, 4096).some((byte) => byte < 9 || (byte > 13 && byte < 32));
  if (control) return { fault: { kind: 'encrypted', message: 'sw-description is encrypted' } };
  try {
    return { group: settingsOf(text.toString('utf8')) };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

interface Images {
  readonly payload: ByteRange[];
  readonly read: Range[];
  readonly broken: string[];
  readonly digests: { readonly algorithm: string; readonly over: string; readonly holds: boolean }[];
  encrypted: boolean;
}

/** Whatever names a file is installed or run: images, files, scripts, bootloader environments. */
async function imagesOf(
  artefact: Blob,
  members: readonly CpioMember[],
  settings: Group,
  { signal }: VerifyContext,
): Promise<Images> {
  const found: Images = { payload: [], read: [], broken: [], digests: [], encrypted: false };
  const byName = new Map(members.map((member) => [member.name, member]));
  const seen = new Set<string>();
  // Which of two members of a name is installed is up to the device.
  for (const [index, { name }] of members.entries())
    if (byName.get(name) !== members[index]) found.broken.push(`${name} comes twice`);
  for (const entry of entriesOf(settings)) {
    const name = String(entry['filename']);
    const stated = typeof entry['sha256'] === 'string' ? entry['sha256'].toLowerCase() : undefined;
    if (entry['encrypted'] === true) found.encrypted = true;
    if (seen.has(`${name} ${stated ?? ''}`)) continue;
    seen.add(`${name} ${stated ?? ''}`);
    await bound(found, artefact, { name, stated, member: byName.get(name) }, signal);
  }
  return found;
}

interface Named {
  readonly name: string;
  readonly stated: string | undefined;
  readonly member: CpioMember | undefined;
}

/** Holds one file that is named against the digest that is stated for it. */
async function bound(
  found: Images,
  artefact: Blob,
  { name, stated, member }: Named,
  signal: AbortSignal,
): Promise<void> {
  if (member === undefined) {
    found.broken.push(`${name} is named and not there`);
    return;
  }
  const range = { start: member.start, end: member.start + member.size, what: name };
  found.payload.push(range);
  if (stated === undefined) return;
  const message = messageOf(artefact, [range]);
  const holds = (await message.digest('sha256', signal)).toString('hex') === stated;
  found.read.push(...message.read);
  found.digests.push({ algorithm: 'SHA-256', over: name, holds });
  if (!holds) found.broken.push(`${name} is not the file whose hash was signed`);
}

function* entriesOf(setting: Setting): Generator<Group> {
  if (Array.isArray(setting)) for (const item of setting as readonly Setting[]) yield* entriesOf(item);
  else if (isGroup(setting)) {
    if (typeof setting['filename'] === 'string') yield setting;
    for (const item of Object.values(setting)) yield* entriesOf(item);
  }
}

/** The sums of the crc form of cpio: against accidents. */
function sums(artefact: Blob, members: readonly CpioMember[]): UpdateVerdict['integrity'] {
  return members.flatMap(({ sum, start, size, name }) => {
    if (sum === undefined) return [];
    let total = 0;
    for (const chunk of messageOf(artefact, [{ start, end: start + size }]).chunks())
      for (const byte of chunk) total += byte;
    return [{ algorithm: 'sum', over: name, holds: total % 2 ** 32 === sum }];
  });
}

interface Told {
  readonly payload: readonly ByteRange[];
  readonly read: readonly Range[];
  readonly signatures: readonly Signed[];
  readonly faults: readonly Fault[];
  readonly broken?: readonly string[];
  readonly integrity?: UpdateVerdict['integrity'];
  readonly settings?: Group;
  readonly encrypted?: boolean;
}

function told(artefact: Blob, found: Told): UpdateVerdict {
  const software = found.settings?.['software'];
  const version = isGroup(software) ? software['version'] : undefined;
  return {
    format: 'swupdate',
    title: swupdate.title,
    updateByNature: true,
    signed: found.signatures.length > 0,
    signatures: found.signatures,
    ...account(artefact.size, found.payload, found.read),
    integrity: found.integrity ?? [],
    broken: found.broken ?? [],
    encrypted: found.encrypted ?? false,
    ...(version === undefined ? {} : { version: String(version) }),
    hardware: hardwareOf(found.settings),
    faults: found.faults,
    notes: [],
  };
}

function hardwareOf(setting: Setting | undefined): string[] {
  if (!isGroup(setting)) return [];
  const own = setting['hardware-compatibility'];
  const below = Object.values(setting).flatMap((item) => hardwareOf(item));
  return [...new Set([...(Array.isArray(own) ? (own as readonly Setting[]).map(String) : []), ...below])].slice(0, 64);
}
