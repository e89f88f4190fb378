/** Reports to render: the reduced scan of the demo image, and the same with a waiver, an error and hostile text in it. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Ajv, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { Report, Result } from '../../src/core/model/report.ts';

export const failingReport = (): Report => JSON.parse(readFileSync('fixtures/reports/failing.json', 'utf8')) as Report;

const WAIVER = {
  reason: 'replaced in the next release',
  approvedBy: 'Ada',
  expires: '2026-12-31',
  instead: 'fail',
} as const;

/** One failing check waived on its subjects, one control in error, one not applicable. */
export function mixedReport(): Report {
  const report = failingReport();
  const waived = (result: Result): Result =>
    result.outcome === 'fail' ? { ...result, outcome: 'waived', waiver: WAIVER } : result;
  return {
    ...report,
    checks: report.checks.map((check) =>
      check.id === 'keys/no-private-key' ? { ...check, outcome: 'waived', results: check.results.map(waived) } : check,
    ),
    assessments: report.assessments.map((assessment) => ({
      ...assessment,
      controls: assessment.controls.map((control, at) => {
        if (control.id === '4.1.1') return { ...control, outcome: 'waived', waiver: WAIVER };
        if (at === 0) return { ...control, outcome: 'error' };
        if (at === 1) return { ...control, outcome: 'not-applicable', applicability: 'debug-port was declared absent' };
        return control;
      }),
    })),
    coverage: {
      ...report.coverage,
      gaps: [
        ...report.coverage.gaps,
        {
          source: 'net/ports',
          scope: { kind: 'endpoint', host: '2001:db8::1', port: 443, transport: 'tcp' },
          area: 'tcp',
          facts: ['net.service'],
          unseen: { kind: 'timeout', message: 'no answer in 3 s' },
        },
        {
          source: 'tls/protocols',
          scope: { kind: 'target' },
          area: 'endpoint',
          facts: ['tls.protocol'],
          unseen: { kind: 'bug', message: 'TypeError: broken' },
        },
      ],
    },
  };
}

/** Everything a device or a file name can throw at a reader, in one string. */
export const HOSTILE =
  "=cmd|' /C calc'!A0\u001b[31mred\u0000\u202egnp\u2028</script><script>alert(1)</script><img src=x onerror=alert(2)>]]>]]>" +
  '"\'&amp;|`*_[x](javascript:alert(3))\r\n::error::owned\n%0A\ud800\u{1f600}@everyone #1 !9 {{x}} <!-- -->';

/** The same report with `HOSTILE` as target, path, message, title and fact, and one banner of a megabyte. */
export function hostileReport(): Report {
  const report = failingReport();
  const bad = (result: Result, at: number): Result => ({
    ...result,
    subject: { kind: 'file', path: `fw.bin!squashfs/${HOSTILE}${at}` },
    message: at === 0 ? `${HOSTILE}${'A'.repeat(1 << 20)}` : HOSTILE,
  });
  return {
    ...report,
    target: {
      ...report.target,
      name: HOSTILE,
      devices: [HOSTILE],
      firmware: report.target.firmware.map((file) => ({ ...file, path: HOSTILE })),
      product: { maker: HOSTILE, model: HOSTILE },
    },
    scope: { ...report.scope, tester: HOSTILE },
    checks: report.checks.map((check) => ({
      ...check,
      title: HOSTILE,
      remediation: HOSTILE,
      results: check.results.map(bad),
    })),
    inputs: report.inputs.map((input) => ({ ...input, id: HOSTILE })),
    facts: report.facts.map((fact) => ({
      ...fact,
      where: HOSTILE,
      source: HOSTILE,
      data: { [HOSTILE]: HOSTILE },
      evidence: [
        {
          sha256: '0'.repeat(64),
          mediaType: HOSTILE,
          size: 1 << 20,
          locator: HOSTILE,
          // Bytes that are no UTF-8 between two that are hostile in it.
          excerpt: Buffer.concat([Buffer.from(HOSTILE), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from(HOSTILE)])
            .subarray(0, 256)
            .toString('base64'),
        },
        {
          sha256: '1'.repeat(64),
          mediaType: 'text/plain',
          size: 40,
          excerpt: Buffer.from('</pre><script>alert(4)</script>').toString('base64'),
        },
      ],
    })),
    waivers: [
      {
        waiver: {
          control: HOSTILE,
          kind: 'accepted-risk',
          reason: HOSTILE,
          approvedBy: HOSTILE,
          expires: '2026-12-31',
        },
        state: 'unused',
        note: HOSTILE,
      },
    ],
    assessments: report.assessments.map((assessment) => ({
      ...assessment,
      controls: assessment.controls.map((control) => ({
        ...control,
        title: HOSTILE,
        todo: [HOSTILE],
        units: control.units.map((unit) => ({ ...unit, ...(unit.work === undefined ? {} : { work: HOSTILE }) })),
      })),
    })),
    coverage: {
      ...report.coverage,
      gaps: report.coverage.gaps.map((gap) => ({ ...gap, unseen: { kind: 'malformed', message: HOSTILE } })),
      images: report.coverage.images.map((image) => ({ ...image, path: HOSTILE })),
    },
  };
}

export const WIDE = { colour: false, width: 80 } as const;

/** An official schema from fixtures/schemas, compiled. Draft 4 and 7 read as draft 7; nothing that they use differs. */
export function officialSchema(name: string): ValidateFunction {
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(gunzipSync(readFileSync(`fixtures/schemas/${name}.json.gz`)).toString()) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true });
  ajvFormats.default(ajv);
  return ajv.compile(schema);
}

/** Control, bidirectional and invisible characters and half pairs that a text still holds, as code points. */
export const hostileCharactersIn = (text: string): readonly string[] =>
  [...text.matchAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu)]
    .map(([one]) => (one.codePointAt(0) ?? 0).toString(16))
    .filter((code) => code !== 'a');
