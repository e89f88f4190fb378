/** Proves shell completion in the shells themselves: commands, options, their values, and files. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ASSAY = resolve('bin', 'assay.js');
const SHELLS = ['bash', 'zsh', 'fish'] as const;
const present = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** A line as typed so far, and words that its completion must offer. */
const CASES = [
  ['assay verify-', ['verify-update']],
  ['assay scan --basel', ['--baseline']],
  ['assay scan --baseline etsi', ['etsi-en-303-645']],
  ['assay list gath', ['gatherers']],
  ['assay scan firmwa', ['firmware.bin']],
] as const;

/** What a shell offers for a line; zsh is typed at, for only its line editor completes. */
const ASK = {
  bash: (script: string, line: string) =>
    `source ${script}; COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _assay; ` +
    `[ \${#COMPREPLY[@]} -eq 0 ] && compgen -f -- "\${COMP_WORDS[COMP_CWORD]}" || printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: (script: string, line: string) => `source ${script}; complete -C '${line}'`,
  zsh: (script: string, line: string) => `zmodload zsh/zpty; zpty z zsh -f -i
zpty -w z "autoload -U compinit; compinit -u -D; source ${script}; print re""ady"
zpty -r z out '*ready*'
zpty -n -w z $'${line}\\t\\x01echo [\\x05]\\n'
zpty -r z out '*\\][^\\]]*\\]*'; print -r -- "$out"`,
};

describe.each(SHELLS.filter(present))('completion in %s', (shell) => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-completion-'));
  const script = join(folder, 'script');
  beforeAll(() => {
    writeFileSync(script, execFileSync(ASSAY, ['completion', shell]));
    writeFileSync(join(folder, 'firmware.bin'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(CASES)('%s', (line, words) => {
    const { stdout } = spawnSync(shell, ['-c', ASK[shell](script, line)], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 20_000,
    });
    for (const word of words) expect(stdout).toContain(word);
  });
});

test('a shell that has no completion gets one clear line', () => {
  const { status, stderr } = spawnSync(ASSAY, ['completion', 'tcsh'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain("there is no completion for 'tcsh'");
});
