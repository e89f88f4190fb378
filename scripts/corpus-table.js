/** Writes docs/unpacking.md: one line for each image of the corpus, what is understood of its bytes and what binwalk names in it. Needs a build. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const top = new URL('..', import.meta.url);
const folder = `${process.env.ASSAY_CORPUS ?? fileURLToPath(new URL('../shared/corpus', top))}/files`;

/** One image in a process of its own, so that the memory it needs can be told. */
async function one(path) {
  const { unpackImage } = await import(new URL('dist/core/unpacking/unpack.js', top).href);
  const { createPool } = await import(new URL('dist/core/work/pool.js', top).href);
  const { JOBS } = await import(new URL('dist/codecs/jobs.js', top).href);
  const unpackers = Object.values(await import(new URL('dist/plugins/unpackers/index.js', top).href));
  const pool = createPool({ jobs: JOBS });
  const begun = performance.now();
  const image = await unpackImage({ path, unpackers, job: (name, input, transfer) => pool.run(name, input, transfer) });
  const { coverage, tree, containers, gaps } = image;
  const seconds = (performance.now() - begun) / 1000;
  const formats = [...new Set(containers.map(({ format }) => format.slice(format.indexOf('/') + 1)))];
  image.dispose();
  await pool.close();
  const result = {
    coverage,
    seconds,
    formats,
    roots: tree.roots.length,
    gaps: gaps.length,
    peak: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(JSON.stringify(result));
}

function binwalk(path) {
  const { status, stdout } = spawnSync('binwalk', [path], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) return '–';
  const words = stdout.split('\n').flatMap((line) => /^\d+\s+0x[0-9A-F]+\s+([^,]{1,40})/.exec(line)?.[1] ?? []);
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .slice(0, 5)
    .map(([word, count]) => (count === 1 ? word : `${word} ×${count}`))
    .join('; ');
}

/** Why the two differ, where what they name does not say it. */
const NOTES = {
  'fw-ath9k-htc': 'code of a radio chip without any header: neither names it',
  'fw-bw-yaffs2': 'binwalk knows no YAFFS2, and names texts in its files',
  'fw-cam-dafang-uboot': 'two boot loaders with padding between them; LZO and bootimg are texts and tables in them',
  'fw-cam-digoo-boot': 'the loader and its environment; LZO and bootimg are texts and tables in the loader',
  'fw-cam-digoo-kernel':
    'behind the uImage lies the rest of an older, larger kernel: not understood, the xz in it is cut off',
  'fw-cam-digoo-rootfs': 'behind the file system lie 92 KiB of an older one, without its superblock',
  'fw-di-dns320': 'binwalk names the kernel and stops at what it unpacks to',
  'fw-dvarm-rootfs': 'binwalk does not look into streams; its GPG line is a false match',
  'fw-esp32-flashenc': 'encrypted flash: no magic, told by statistics',
  'fw-esp32-sbv1-signed': 'binwalk knows no image of these chips',
  'fw-esp32-sbv2-rsa': 'binwalk knows no image of these chips',
  'fw-esp32-sbv2-unsigned': 'binwalk knows no image of these chips',
  'fw-esp32s2-blink': 'binwalk knows no image of these chips',
  'fw-fit-pinephone': 'ARM trusted firmware in the FIT has no header: code that is told as unknown',
  'fw-gbl-skyconnect-ncp': 'binwalk knows no GBL',
  'fw-hackrf-dfu': 'the CRC of its suffix is wrong, which is the gap',
  'fw-irz-ruh2b-rootfs': 'ISAM is a false match in packed bytes',
  'fw-tg788vnv2-rootfs': 'zlib is a false match in packed bytes',
  'fw-openwrt-15.05.1-factory': 'binwalk does not name the vendor’s header, nor the kernel in the LZMA stream',
  'fw-irz-ruh2b-ubi': 'binwalk names UBI, and does not look into the volume',
  'fw-mcuboot-testkey-rsa': 'binwalk names the boot loader’s own certificates and tables, not the image',
  'fw-nrf-zigbee-hex': 'binwalk knows only HEX files that begin at address 0',
  'fw-particle-argon': 'binwalk knows no such header',
  'fw-rauc-invalidsig': 'the file system is broken, as unsquashfs finds too: the gap',
  'fw-rpi-startcd': 'binwalk names tables inside of one program',
  'fw-shim-signed': 'mcrypt is a false match; the rest are texts of one program',
  'fw-stm32mp-uboot': 'LZ4 and bootimg are texts of the boot loader',
  'fw-tasmota-esp8266': 'binwalk knows no image of these chips',
  'fw-tl-wr841nv14': 'the header of the vendor is binwalk’s only miss',
  'fw-vbmeta-raw': '528 bytes behind what the header counts',
  'fw-vtrust-upgrade': 'ISAM is a false match; binwalk knows neither the wrapper nor the chip',
  'fw-wled-esp32': 'binwalk names the web pages inside of the image',
  'fw-wrt54gv7-dump':
    'VxWorks: its own file system and packing; the FAT in it lies on a flash translation that scatters blocks',
  'fw-xiaomi-lywsd03-ota': 'binwalk knows no Telink image',
  'fw-zb-aeotec': 'binwalk knows no Zigbee file; Neighborly is a false match',
  'fw-zb-bosch': 'binwalk knows no Zigbee file',
  'fw-zb-danalock': 'says itself that it is encrypted: the gaps',
  'fw-zb-hue-atmel': 'encrypted, told by statistics',
  'fw-zb-ikea': 'binwalk knows neither the signed wrapper nor the Zigbee file in it',
  'fw-zb-tuya': 'binwalk knows no Zigbee file, and names tables of its code',
};

const PREFACE = `# Unpacking, image by image

Made by \`node scripts/corpus-table.js\` from real images that are not part of this project; times are of a machine that did other things too.
*understood*, *padding*, *unknown* and *encrypted* are shares of the image's own bytes; *files* counts entries of all file systems and archives
in it, whatever the depth; *gaps* are told one by one. \`assay\` unpacks everything into files, hashes them and accounts for every byte;
\`binwalk\` (2.3) names what magics it sees in the outermost bytes, where false matches are part of the list. The last column says why they differ.

| image | bytes | understood % | padding % | unknown % | encrypted % | files | roots | gaps | s | MiB | assay reads | binwalk names | difference |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
`;

function table() {
  const rows = [];
  for (const name of readdirSync(folder)) {
    const path = `${folder}/${name}`;
    if (!statSync(path).isFile()) continue;
    const { coverage, seconds, formats, roots, gaps, peak } = JSON.parse(
      execFileSync(process.execPath, [fileURLToPath(import.meta.url), path], { encoding: 'utf8' }),
    );
    const share = (part) => ((100 * part) / coverage.bytes).toFixed(1);
    const id = name.split('__')[0];
    const cells = [
      id,
      coverage.bytes,
      share(coverage.understood),
      share(coverage.padding),
      share(coverage.unknown),
      share(coverage.encrypted),
      coverage.files,
      roots,
      gaps,
      seconds.toFixed(1),
      Math.round(peak),
      formats.slice(0, 6).join(' '),
      binwalk(path).replaceAll('|', '/'),
      NOTES[id] ?? 'the same, as far as binwalk looks',
    ];
    rows.push(`| ${cells.join(' | ')} |\n`);
  }
  writeFileSync(fileURLToPath(new URL('docs/unpacking.md', top)), PREFACE + rows.join(''));
}

if (process.argv[2] === undefined) table();
else await one(process.argv[2]);
