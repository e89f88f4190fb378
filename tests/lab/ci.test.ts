/** Proves the GitHub action and the GitLab job by running their steps in a shell: a release that is gated, and ratcheted later. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = resolve('.');
const INSECURE = resolve('fixtures/demo/insecure.bin');
const HARDENED = resolve('fixtures/demo/hardened.bin');

interface Step {
  readonly id?: string;
  readonly run: string;
  readonly env?: { readonly [name: string]: string };
}
interface Action {
  readonly inputs: { readonly [name: string]: { readonly default?: string } };
  readonly outputs: { readonly [name: string]: { readonly value: string } };
  readonly runs: { readonly steps: readonly Step[] };
}

describe('the GitHub action', () => {
  const action = parse(readFileSync('action.yml', 'utf8')) as Action;
  const step = action.runs.steps.find(({ id }) => id === 'assay');
  const folder = mkdtempSync(join(tmpdir(), 'assay-action-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(inputs: { readonly [name: string]: string }): {
    readonly code: number | null;
    readonly log: string;
    readonly outputs: string;
    readonly summary: string;
  } {
    const output = join(folder, 'output');
    const summary = join(folder, 'summary');
    writeFileSync(output, '');
    writeFileSync(summary, '');
    const value = (text: string): string =>
      text.replace(/\$\{\{ inputs\.([a-z-]+) \}\}/g, (_, name: string) => {
        expect(Object.keys(action.inputs)).toContain(name);
        return inputs[name] ?? action.inputs[name]?.default ?? '';
      });
    const env = Object.fromEntries(Object.entries(step?.env ?? {}).map(([name, text]) => [name, value(text)]));
    const { status, stdout, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', step?.run ?? 'false'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...env, GITHUB_ACTION_PATH: ROOT, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
    });
    return {
      code: status,
      log: stdout + stderr,
      outputs: readFileSync(output, 'utf8'),
      summary: readFileSync(summary, 'utf8'),
    };
  }

  test('gates a release: fails, annotates, sums up, and leaves every report', () => {
    const { code, log, outputs, summary } = run({
      firmware: INSECURE,
      baseline: 'uk-psti\nxiaomi-consumer-iot:low\n',
    });
    expect(code).toBe(1);
    expect(log).toMatch(/^::error /m);
    expect(summary).toContain('uk-psti');
    expect(outputs).toContain('exit-code=1');
    expect(outputs).toContain('sarif=assay-report/assay.sarif');
    for (const file of ['assay.json', 'assay.sarif', 'assay.xml', 'assay.html', 'assay.md'])
      expect(existsSync(join(folder, 'assay-report', file)), file).toBe(true);
    const report = JSON.parse(readFileSync(join(folder, 'assay-report/assay.json'), 'utf8')) as {
      assessments: { baseline: { id: string } }[];
    };
    expect(report.assessments.map(({ baseline }) => baseline.id)).toEqual(['uk-psti', 'xiaomi-consumer-iot']);
    for (const { value } of Object.values(action.outputs)) {
      const name = /outputs\.([a-z-]+)/.exec(value)?.[1] ?? 'none';
      expect(outputs).toContain(`${name}=`);
    }
  });

  test('ratchets the next one: the same image is no worse than the last report', () => {
    const inputs = {
      baseline: 'uk-psti\nxiaomi-consumer-iot:low',
      against: 'assay-report/assay.json',
      folder: 'next',
    };
    const { code, log, summary } = run({ ...inputs, firmware: INSECURE });
    expect(code).toBe(0);
    // The report of the whole is red all the same: log and summary say what counts.
    expect(log).toContain('exit code 0: nothing that counts got worse');
    expect(summary).toContain('## 0 controls worse, 0 better, 0 failing no more and open, 0 newly unknown');
  });

  test('a release that got worse fails', () => {
    const baseline = 'xiaomi-consumer-iot:low';
    run({ baseline, firmware: HARDENED, folder: 'good' });
    const { code, log, summary } = run({ baseline, firmware: INSECURE, against: 'good/assay.json', folder: 'worse' });
    expect(code).toBe(1);
    expect(log).toMatch(/exit code 1: \d+ controls fail that did not/);
    expect(log).toMatch(/^ {2}xiaomi-consumer-iot\/4\.2\.3: inconclusive → fail/m);
    expect(summary).toMatch(/### Worse \(\d+\)/);
  });

  test('what a workflow says is never read as shell, and a bad input is usage', () => {
    const { code, log } = run({ firmware: `$(touch ${folder}/owned)\`touch ${folder}/owned\`` });
    expect(code).toBe(2);
    expect(log).toContain('assay: ');
    expect(existsSync(join(folder, 'owned'))).toBe(false);
  });
});

describe('the GitLab job', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-gitlab-'));
  const job = (parse(readFileSync('ci/gitlab.yml', 'utf8')) as { '.assay': GitlabJob })['.assay'];
  interface GitlabJob {
    readonly variables: { readonly [name: string]: string };
    readonly script: readonly string[];
    readonly artifacts: { readonly reports: { readonly [kind: string]: string } };
  }
  let tarball = '';
  beforeAll(() => {
    const { stdout } = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder], { encoding: 'utf8' });
    tarball = join(folder, stdout.trim());
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('installs the package as it is shipped, fails on the insecure image and leaves what the merge request shows', () => {
    const prefix = join(folder, 'prefix');
    const { status, stdout, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', job.script.join('\n')], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        ...job.variables,
        ASSAY_PACKAGE: tarball,
        ASSAY_ARGUMENTS: `--firmware ${INSECURE} --baseline etsi-en-303-645`,
        npm_config_prefix: prefix,
        PATH: `${prefix}/bin:${process.env['PATH']}`,
      },
    });
    expect(status, stdout + stderr).toBe(1);
    expect(stdout).toContain('FAIL   etsi-en-303-645');
    for (const file of Object.values(job.artifacts.reports)) expect(existsSync(join(folder, file)), file).toBe(true);
    const quality = JSON.parse(readFileSync(join(folder, 'assay-report/code-quality.json'), 'utf8')) as unknown[];
    expect(quality.length).toBeGreaterThan(5);
  }, 300_000);
});
