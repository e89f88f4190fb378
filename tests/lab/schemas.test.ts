/** Proves that XML reports are valid by the schema of those who read them, with xmllint. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { junit } from '../../src/plugins/reporters/junit.ts';
import { failingReport, hostileReport, mixedReport, WIDE } from '../support/report.ts';

const present = spawnSync('xmllint', ['--version']).status === 0;

describe.skipIf(!present)('JUnit XML by junit-10.xsd of Jenkins', () => {
  test.each([
    ['failing', failingReport],
    ['mixed', mixedReport],
    ['hostile', hostileReport],
  ])('a %s report is valid', (_, make) => {
    const input = String(junit.render(make(), WIDE));
    const { status, stderr } = spawnSync('xmllint', ['--noout', '--schema', 'fixtures/schemas/junit-10.xsd', '-'], {
      input,
      encoding: 'utf8',
    });
    expect(stderr.trim()).toBe('- validates');
    expect(status).toBe(0);
  });

  test('a broken one is not', () => {
    const input = '<testsuites><testsuite name="x"/></testsuites>';
    expect(spawnSync('xmllint', ['--noout', '--schema', 'fixtures/schemas/junit-10.xsd', '-'], { input }).status).toBe(
      3,
    );
  });
});
