/** Update artefacts of the corpus, against what its manifest says of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { overall } from '../../src/core/model/verifier.ts';
import { verifyCode } from '../../src/core/updates/exit.ts';
import { sampleNamesOf, samplesOf, verifyArtefact } from '../../src/core/updates/verify.ts';
import { openBlob } from '../../src/lib/blob.ts';
import * as verifiers from '../../src/plugins/verifiers/index.ts';

const CORPUS = process.env['ASSAY_CORPUS'] ?? '../shared/corpus';
const HERE = existsSync(join(CORPUS, 'files'));
const table = parse(readFileSync('baselines/knowledge/sample-keys.yaml', 'utf8')) as object;

/** File, format, what it is, exit code without a key. */
const TRUTHS = [
  ['fw-esp32-sbv2-rsa__bootloader_signed_v2_rsa.bin', 'esp-secure-boot-v2', 'sample-key', 1],
  ['fw-esp32-sbv2-unsigned__bootloader_unsigned_v2.bin', 'esp', 'unsigned', 1],
  ['fw-esp32-sbv1-signed__bootloader_signed.bin', 'esp-secure-boot-v1', 'sample-key', 1],
  ['fw-esp32s2-blink__esp_idf_blink_esp32s2.bin', 'esp', 'unsigned', 1],
  ['fw-wled-esp32__WLED_0.15.0_ESP32.bin', 'esp', 'unsigned', 1],
  ['fw-nrf-secure-dfu__hrs_application_s140_sdk160.zip', 'nordic-dfu', 'signer-unknown', 3],
  ['fw-nrf-legacy-dfu__test_package_legacy.zip', 'nordic-dfu', 'unsigned', 1],
  ['fw-zb-aeotec__Range_Extender_Zi_V1.0.3.ota', 'zigbee-ota', 'unsigned', 1],
  ['fw-zb-bosch__ota_t0x3011_m0x1209_v0x03086a90.ota', 'zigbee-ota', 'signer-unknown', 3],
  [
    'fw-zb-danalock__115C-0004-11070000-ZigbeeXM_101-029_E1_DanalockV3_17.7.0_20240201155008.ota',
    'zigbee-ota',
    'signer-unknown',
    3,
  ],
  ['fw-zb-ikea__zingo_cws-0x2805-1.0.44-prod.ota.ota.signed', 'zigbee-ota', 'signer-unknown', 3],
  ['fw-zb-hue-atmel__WhiteLamp-Atmel-Target_0012.sbl-ota', 'zigbee-ota', 'unsigned', 3],
  ['fw-zb-tuya__oem_tl8258_zg_breaker_OTA_1.0.10.bin', 'zigbee-ota', 'unsigned', 1],
  ['fw-gbl-skyconnect-ncp__NabuCasa_SkyConnect_EZSP_v7.1.1.0.gbl', 'gbl', 'unsigned', 1],
  ['fw-mender-singlefile__e_art_8_single-file.mender', 'mender-3', 'unsigned', 1],
  ['fw-mcuboot-testkey-rsa__zephyr_mcuboot_demo_rsa2048.bin', 'mcuboot', 'sample-key', 1],
  ['fw-rauc-plain__good-bundle.raucb', 'rauc-plain', 'sample-key', 1],
  ['fw-rauc-verity__good-verity-bundle.raucb', 'rauc-verity', 'sample-key', 1],
  ['fw-rauc-invalidsig__invalid-sig-bundle.raucb', 'rauc-plain', 'broken', 1],
  ['fw-fit-pinephone__u-boot-sunxi-with-spl.fit.itb', 'fit', 'unsigned', 1],
  ['fw-stm32mp-uboot__u-boot.img', 'uimage', 'unsigned', 1],
  ['fw-shim-signed__shimx64.efi.signed', 'pe', 'signer-unknown', 3],
  ['fw-vbmeta-raw__vbmeta_flags3_derived.img', 'avb', 'broken', 1],
] as const;

/** No update formats: never unsigned, never recognised as an update by nature. */
const NO_UPDATES = [
  'fw-mender-test-ext4__mender_test_rootfs.ext4',
  'fw-bw-cramfs__binwalk_cramfs.bin',
  'fw-bw-romfs__binwalk_romfs.bin',
];

const look = async (file: string) => {
  const path = join(CORPUS, 'files', file);
  const blob = openBlob(path);
  try {
    return await verifyArtefact(Object.values(verifiers), blob, path, {
      settings: { keys: [], now: '2026-11-24T00:00:00Z' },
      sampleKeys: sampleNamesOf(table),
      samples: samplesOf(table),
    });
  } finally {
    blob.close();
  }
};

describe.skipIf(!HERE)('the corpus', () => {
  test.each(TRUTHS)('%s is %s: %s', async (file, format, word, code) => {
    const verdicts = await look(file);
    expect(verdicts.map((one) => one.format)).toEqual([format]);
    expect(overall(verdicts[0]!)).toBe(word);
    expect(verifyCode(verdicts)).toBe(code);
  });

  test.each(NO_UPDATES)('%s is no update', async (file) => {
    expect(await look(file)).toEqual([]);
  });

  test('SkyConnect and Danalock are told apart: signing is not encryption', async () => {
    expect((await look(TRUTHS[9][0]))[0]).toMatchObject({ encrypted: true, signed: true });
    expect((await look(TRUTHS[13][0]))[0]).toMatchObject({ encrypted: false, signed: false });
  });
});
