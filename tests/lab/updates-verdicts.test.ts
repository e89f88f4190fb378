/** One table over all formats: assay's exit code beside the real tool's word, on good, foreign, expired, unsigned, changed and cut artefacts. */
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { madeArtefacts } from '../support/signers-all.ts';
import { judge } from '../support/updates.ts';
import { BESIDE } from '../support/verdict-beside.ts';
import { PAGE, pageWith, type State, type Verdict, type VerdictFormat } from '../support/verdict-page.ts';
import { EFI, WITHIN } from '../support/verdict-within.ts';
import { AUTHORITIES, has, type Workshop, workshop } from '../support/workshop.ts';

const TOOLS =
  'openssl rauc swupdate cpio mender-artifact apksigner minisign signify-openbsd ssh-keygen gpg gpgv sbsign sbverify osslsigncode jcat-tool gcab mkeficapsule python3'.split(
    ' ',
  );
const HERE = has(...TOOLS) && existsSync(EFI);

const found: Verdict[] = [];
let shop: Workshop;
beforeAll(() => {
  if (!HERE) return;
  shop = workshop();
  shop.sh(AUTHORITIES);
}, 120_000);
afterAll(() => shop?.close());

/** The artefacts of one format by state; files beside them get their names. */
function statesOf({ make, name, suffix, payload, signature }: VerdictFormat): ReadonlyMap<State, string> {
  for (const old of ['.sig', '.asc', '.minisig', '.p7s', '.jcat', '.sigstore.json'])
    rmSync(shop.at(`fw.bin${old}`), { force: true });
  make(shop, name);
  const states = new Map<State, string>([
    ['good', name],
    ['other key', name],
  ]);
  const write = (state: State, bytes: Uint8Array, companion?: Uint8Array): void => {
    // The name stays: catalogues go by it.
    const file = `${state.replaceAll(' ', '-')}/${name}`;
    shop.sh(`mkdir -p ${state.replaceAll(' ', '-')}; rm -f ${state.replaceAll(' ', '-')}/*`);
    shop.write(file, bytes);
    if (suffix !== undefined && companion !== undefined) shop.write(file + suffix, companion);
    states.set(state, file);
  };
  for (const state of ['expired', 'unsigned'] as const)
    if (existsSync(shop.at(`${state}.${name}`))) write(state, shop.read(`${state}.${name}`));
  const bytes = shop.read(name);
  const companion = suffix === undefined ? undefined : shop.read(name + suffix);
  const flip = (source: Buffer, place: number): Buffer => {
    const copy = Buffer.from(source);
    copy[place]! ^= 1;
    return copy;
  };
  write('payload changed', flip(bytes, payload?.(bytes) ?? Math.floor(bytes.length / 2)), companion);
  if (signature !== undefined && companion !== undefined)
    write('signature changed', bytes, flip(companion, signature(companion)));
  else if (signature !== undefined) write('signature changed', flip(bytes, signature(bytes)));
  if (suffix !== undefined) write('unsigned', bytes);
  write('cut off', bytes.subarray(0, Math.floor(bytes.length * 0.6)), companion);
  return states;
}

test.skipIf(!HERE).each([...WITHIN, ...BESIDE])(
  '$format: $tool takes nothing that assay refuses, nor the other way round',
  async (format) => {
    const { keys } = format;
    const differ: string[] = [];
    for (const [state, file] of statesOf(format)) {
      const key = state === 'other key' ? keys[1] : keys[0];
      const [ours, theirs] = [await shop.ours(file, key), format.takes(shop, file, key)];
      found.push({ format: format.format, tool: format.tool, state, ours, theirs });
      if ((ours === 0) !== theirs) differ.push(`${state}: assay ${ours}, ${theirs ? 'taken' : 'refused'}`);
    }
    expect(differ).toEqual([]);
    expect(found.filter((one) => one.format === format.format && one.state === 'good')).toMatchObject([{ ours: 0 }]);
  },
  240_000,
);

/** What no tool of Debian reads: signers of the tests, checked against real artefacts by tests of the corpus. */
const ALONE: readonly (readonly [string, string])[] = [
  ['MCUboot, RSA', 'made-mcuboot-rsa'],
  ['MCUboot, ECDSA', 'made-mcuboot-ec'],
  ['MCUboot, Ed25519', 'made-mcuboot-ed25519'],
  ['Espressif secure boot v1', 'made-esp-v1'],
  ['Espressif secure boot v2', 'made-esp-v2'],
  ['Android verified boot', 'made-avb'],
  ['Android A/B payload', 'made-payload-rsa'],
  ['Gecko (GBL)', 'made-gecko'],
  ['Zigbee OTA', 'made-zigbee'],
  ['Nordic DFU zip', 'made-nordic'],
  ['Mijia (MiBLE)', 'made-mijia'],
];
test.skipIf(!HERE)(
  'formats without a tool are refused in every state but the good one',
  async () => {
    const made = await madeArtefacts();
    const strangers = await madeArtefacts();
    for (const [format, name] of ALONE) {
      const { bytes, keys } = made.find((one) => one.name === name)!;
      const other = strangers.find((one) => one.name === name)!.keys;
      const changed = Buffer.from(bytes);
      const { covered } = (await judge(bytes, { keys })).verdicts[0]!;
      const place = covered[0]!.start + Math.floor((covered[0]!.end - covered[0]!.start) / 2);
      changed[place]! ^= 1;
      const states: readonly (readonly [State, Uint8Array, typeof keys])[] = [
        ['good', bytes, keys],
        ['other key', bytes, other],
        ['payload changed', changed, keys],
        ['cut off', bytes.subarray(0, Math.floor(bytes.length * 0.6)), keys],
      ];
      for (const [state, content, by] of states) {
        const { code } = await judge(content, { keys: by });
        expect(code === 0, `${format}, ${state}`).toBe(state === 'good');
        found.push({ format, tool: 'none', state, ours: code });
      }
    }
  },
  240_000,
);

test.skipIf(!HERE)(`${PAGE} holds the table`, async () => {
  await expect(pageWith(found)).toMatchFileSnapshot(resolve(PAGE));
});
