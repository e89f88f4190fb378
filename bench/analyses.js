/** Unpacks a SquashFS image of xz and runs all analyses, beside `unsquashfs` alone and beside single-purpose tools in sequence. Run: `node bench/analyses.js` after a build. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { race, tell, timed } from './support.js';

const ROUNDS = Number(process.env['BENCH_RUNS'] ?? 3);
const MEGABYTES = Number(process.env['BENCH_MEGABYTES'] ?? 230);

/** About a thousand programs and libraries, four thousand other files, an account database, keys and start scripts. */
function imageIn(folder) {
  const given = process.env['BENCH_ANALYSES_IMAGE'];
  if (given !== undefined && existsSync(given)) return given;
  const [tree, image] = [join(folder, 'tree'), join(folder, 'image.squashfs')];
  for (const name of ['etc/init.d', 'etc/ssl', 'bin', 'sbin']) mkdirSync(join(tree, name), { recursive: true });
  const script = `take() { awk '!seen[$0]++' | while read -r f; do s=$(stat -c %s "$f"); t=$((t + s / 1024)); n=$((n + 1));
      [ $t -gt $2 ] || [ $n -gt $3 ] && break; printf '%s\\0' "$f"; done | (cd "$1" && xargs -0 cp --parents -p -t .); }
    find /usr/bin /usr/sbin /usr/lib/x86_64-linux-gnu -xdev -type f -size -20M -size +8k | take "$1" ${MEGABYTES * 950} 1100
    find /usr/lib/python3 /usr/share/perl /usr/share/doc -xdev -type f -size -256k | take "$1" ${MEGABYTES * 200} 4000`;
  spawnSync('bash', ['-c', script, 'bash', tree], { stdio: 'ignore' });
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nadmin:x:0:0::/:/bin/sh\n');
  writeFileSync(
    join(tree, 'etc/shadow'),
    'root:$1$ybdHbPDn$ii9aEIFNiolBbM9QxW9mr0:1::::::\nadmin:rJ0FHsG0ZbyZo:1::::::\n',
  );
  writeFileSync(join(tree, 'etc/init.d/rcS'), '#!/bin/sh\ntelnetd &\n');
  cpSync('fixtures/keys/rsa.pem', join(tree, 'etc/ssl/server.key'));
  const made = spawnSync('mksquashfs', [tree, image, '-comp', 'xz', '-quiet', '-no-progress']);
  if (made.status !== 0) throw new Error(`mksquashfs: ${made.stderr}`);
  rmSync(tree, { recursive: true, force: true });
  return image;
}

/** What a tester would run by hand, in one shell. */
function tools(folder, image) {
  const words = join(folder, 'words');
  const { passwords } = parse(readFileSync('baselines/knowledge/common-passwords.yaml', 'utf8'));
  writeFileSync(words, `${passwords.join('\n')}\n`);
  const script = join(folder, 'tools.sh');
  writeFileSync(
    script,
    `PATH=$PATH:/usr/sbin
for tool in binwalk hardening-check john grep; do command -v $tool >/dev/null || { echo "$tool is missing" >&2; exit 1; }; done
cd "$1" && rm -rf hand && mkdir hand && cd hand
binwalk -e --run-as=root -q "$2" >/dev/null 2>&1
find . -type f -size +52c | while read -r f; do head -c4 "$f" | grep -q ELF && printf '%s\\0' "$f"; done | xargs -0 -n 50 hardening-check --quiet >/dev/null 2>&1
find . -name shadow -exec env HOME="$PWD" john --wordlist="$3" {} \\; >/dev/null 2>&1
grep -raE 'BEGIN [A-Z ]*PRIVATE KEY|AKIA[A-Z2-7]{16}|://[^/ :]+:[^@ ]+@' . >/dev/null 2>&1
true
`,
  );
  return () => timed('bash', [script, folder, image, words]);
}

/** How many bytes are read of what was unpacked: every file once, and a little of each to see what it is. */
function tellReads(folder, image, out) {
  const counts = join(folder, 'counts');
  const counter = fileURLToPath(new URL('../scripts/count-reads.js', import.meta.url));
  const run = spawnSync(
    process.execPath,
    ['--import', counter, 'bin/assay.js', 'gather', '--firmware', image, '--out', out],
    { env: { ...process.env, COUNT_READS: counts }, stdio: 'ignore' },
  );
  if (run.status !== 0 && run.status !== 3) throw new Error(`counting ended with ${run.status}`);
  const read = readFileSync(counts, 'latin1').replaceAll('\0', '').trim().split('\n');
  const files = readFileSync(join(out, 'files.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const content = files.reduce((sum, { type, size }) => sum + (type === 'file' ? size : 0), 0);
  const [here = 0, ...threads] = read.map(Number);
  const whole = threads.reduce((sum, bytes) => sum + bytes, 0);
  console.log(
    `\n${files.length} entries with ${content} bytes of content: ${whole} were read by threads for digests and analyses (${(whole / content).toFixed(2)} times), ${here} before to see what each is`,
  );
}

function main() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    const image = imageIn(folder);
    const out = join(folder, 'out');
    const without = (path) => rmSync(path, { recursive: true, force: true });
    const assay = () => {
      without(out);
      return timed(process.execPath, ['bin/assay.js', 'gather', '--firmware', image, '--out', out], [0, 3]);
    };
    tellReads(folder, image, out);
    const unsquashfs = () => {
      without(out);
      return timed('unsquashfs', ['-q', '-n', '-d', out, image]);
    };
    const title = `unpack and all analyses, squashfs-xz ${Math.round(statSync(image).size / 2 ** 20)} MiB`;
    tell(title, race(ROUNDS, { assay, unsquashfs }), { unsquashfs: 3 }, 600);
    if (process.env['BENCH_TOOLS'] === '0') return;
    const hand = 'binwalk, hardening-check, john, grep';
    tell(title, race(ROUNDS, { assay, [hand]: tools(folder, image) }), { [hand]: 0.08 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
main();
