/** `assay verify DOSSIER --key P`: whether a sealed dossier is as it was sealed, by whom, and judged to the same report. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { SEAL } from '../../core/evidence/dossier.ts';
import { listFolder } from '../../core/evidence/listing.ts';
import { differences, type OpenSeal, openSeal, SEAL_SIZE } from '../../core/evidence/seal.ts';
import { UsageError } from '../../lib/fault.ts';
import { inertJson } from '../../lib/json.ts';
import { plural, safeText } from '../../lib/text.ts';
import { readWhole } from '../../lib/whole-file.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit-code.ts';
import { isFolder } from '../files.ts';
import { readSealTrust, trustedKeyFor } from '../seal-keys.ts';
import { rejudge } from '../sealing.ts';

interface Verdict {
  readonly code: number;
  /** What does not hold, or could not be told. */
  readonly problems: readonly string[];
  readonly signer?: string;
  readonly files: number;
  readonly report?: { readonly outcome: string; readonly baselines: readonly string[]; readonly assessedAt: string };
}

export async function run({ arguments: [folder], options, io }: Call): Promise<number> {
  if (folder === undefined) throw new UsageError('the dossier is missing', 'assay verify DOSSIER --key KEY.pem');
  const file = options['key'];
  if (typeof file !== 'string') throw new UsageError('--key is missing', 'assay verify DOSSIER --key KEY.pem');
  const trust = readSealTrust(file);
  if (!isFolder(folder))
    throw new UsageError(
      `${folder}: there is no such folder`,
      'a dossier is the folder that `assay gather --out` writes',
    );
  const verdict = await verdictOf(folder, trust);
  if (options['json'] === true) io.out(`${inertJson({ schema: 'assay/seal-verdict/1', ...verdict })}\n`);
  else if (options['quiet'] !== true) io.out(told(folder, verdict));
  return verdict.code;
}

const bad = (problems: readonly string[], files = 0): Verdict => ({ code: EXIT.failed, problems, files });

async function verdictOf(folder: string, trust: ReturnType<typeof readSealTrust>): Promise<Verdict> {
  const path = join(folder, SEAL);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return bad([`it is not sealed: there is no ${SEAL}`]);
  if (!stat.isFile()) return bad([`${SEAL} is no plain file`]);
  const opened = openSeal(Buffer.from(readWhole(path, SEAL_SIZE)).toString('utf8'));
  if (typeof opened === 'string') return bad([`${SEAL}: ${opened}`]);
  const { sealed, files } = opened.statement;
  const signer = trustedKeyFor(trust, sealed.certificates, opened.keyid, sealed.sealedAt);
  const signature = signatureProblem(opened, signer);
  const changes = differences(files, listFolder(folder, SEAL));
  if (signature !== undefined || changes.length > 0)
    return bad([...(signature === undefined ? [] : [`${SEAL}: ${signature}`]), ...changes], files.size);
  const judged = await judgedAgain(folder, opened);
  return {
    ...judged,
    ...(typeof signer === 'object' && signer.signer !== undefined ? { signer: signer.signer } : {}),
    files: files.size,
    report: {
      outcome: sealed.report.outcome,
      baselines: sealed.report.baselines,
      assessedAt: sealed.report.assessedAt,
    },
  };
}

function signatureProblem(opened: OpenSeal, signer: ReturnType<typeof trustedKeyFor>): string | undefined {
  if (typeof signer === 'string') return `${signer} (sha256:${safeText(opened.keyid, 64)})`;
  return opened.by(signer.key) ? undefined : 'its signature does not hold';
}

/** The same facts by the same rules must give the same report; by other rules nothing can be said. */
async function judgedAgain(
  folder: string,
  { statement: { sealed } }: OpenSeal,
): Promise<{ readonly code: number; readonly problems: readonly string[] }> {
  let again: Awaited<ReturnType<typeof rejudge>>['said'];
  try {
    again = (await rejudge(folder, sealed.report.baselines)).said;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { code: EXIT.unseen, problems: [`it cannot be judged again here: ${safeText(error.message)}`] };
  }
  if (again.sha256 === sealed.report.sha256) return { code: EXIT.good, problems: [] };
  if (again.rules !== sealed.report.rules)
    return {
      code: EXIT.unseen,
      problems: [
        `it was judged by other rules than these: ${safeText(sealed.tool.name)} ${safeText(sealed.tool.version)}`,
      ],
    };
  return { code: EXIT.failed, problems: ['judged again it gives another report'] };
}

/** Problems told one by one. */
const SHOWN = 100;

function told(folder: string, { code, problems, signer, files, report }: Verdict): string {
  const words =
    code === EXIT.good ? 'verified' : code === EXIT.failed ? 'not to be trusted' : 'unchanged, not judged again';
  const lines = [
    `${safeText(folder)}: ${words}`,
    ...problems.slice(0, SHOWN).map((one) => `  ${safeText(one)}`),
    ...(problems.length > SHOWN ? [`  and ${problems.length - SHOWN} more`] : []),
    ...(report === undefined ? [] : [`  ${plural(files, 'file')} as sealed`]),
    ...(signer === undefined ? [] : [`  by ${signer}`]),
    ...(report === undefined || code !== EXIT.good
      ? []
      : [
          `  judged ${report.outcome} by ${report.baselines.map((one) => safeText(one)).join(', ')} as of ${safeText(report.assessedAt)}`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}
