/** One good artefact of every format that the tests sign themselves, with the key that verifies it: seeds for mutations. */
import type { TrustedKey } from '../../src/core/model/verifier.ts';
import {
  avbPartition,
  ecPair,
  edPair,
  espImage,
  geckoFile,
  mcubootImage,
  type Pair,
  rsaPair,
  zigbeeFile,
} from './signers.ts';
import { payloadFile } from './signers-android.ts';

export interface Made {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly keys: readonly TrustedKey[];
}

export function madeArtefacts(): readonly Made[] {
  const [rsa, rsa3, ec, ed] = [rsaPair(), rsaPair(3072), ecPair(), edPair()];
  const made = (name: string, bytes: Uint8Array, { trusted }: Pair): Made => ({ name, bytes, keys: [trusted] });
  return [
    made('made-mcuboot-rsa', mcubootImage(rsa, { counter: 4 }), rsa),
    made('made-mcuboot-ec', mcubootImage(ec), ec),
    made('made-mcuboot-ed25519', mcubootImage(ed), ed),
    made('made-gecko', geckoFile(ec), ec),
    made('made-zigbee', zigbeeFile(geckoFile(ec)), ec),
    made('made-esp-v2', espImage(rsa3), rsa3),
    made('made-esp-v1', espImage(ec), ec),
    made('made-payload-rsa', payloadFile(rsa), rsa),
    made('made-payload-ec', payloadFile(ec), ec),
    made('made-payload-metadata', payloadFile(rsa, { payloadSigned: false }), rsa),
    made('made-avb', avbPartition(rsa, { index: 3n }), rsa),
  ];
}
