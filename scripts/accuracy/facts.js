// The facts that assay gathers of one image.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function factsOf(image) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-accuracy-'));
  try {
    const out = join(folder, 'dossier');
    spawnSync(
      process.execPath,
      ['bin/assay.js', 'gather', '--firmware', image, '--out', out, '--crack-seconds', '60'],
      { stdio: 'ignore' },
    );
    return readFileSync(join(out, 'facts.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
