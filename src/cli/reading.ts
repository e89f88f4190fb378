/** Reports and dossiers of the user, read with distrust. */
import type { Registry } from '../core/assessment/plan.ts';
import type { Library } from '../core/baseline/library.ts';
import { type ReadDossier, readDossier } from '../core/evidence/read.ts';
import { loadShapes } from '../core/evidence/shape.ts';
import type { Report } from '../core/model/report.ts';
import { UsageError } from '../lib/fault.ts';
import { safeText } from '../lib/text.ts';
import { readWhole } from '../lib/whole-file.ts';
import { factTypes } from './compose.ts';
import { isFolder } from './files.ts';
import type { Rules } from './rules.ts';
import { judgeProduct } from './session.ts';

const REPORT_SIZE = 512 << 20;

export async function readSeen(folder: string): Promise<ReadDossier> {
  return readDossier(folder, await loadShapes(await factTypes()));
}

export async function readReport(path: string): Promise<Report> {
  const shapes = await loadShapes(await factTypes());
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(readWhole(path, REPORT_SIZE)).toString('utf8'));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: it is not JSON`, 'a report is what --report json=FILE writes');
  }
  const wrong = shapes.report(value);
  if (wrong !== undefined) throw new UsageError(`${path}: it is no report of assay: ${safeText(wrong)}`);
  return value as Report;
}

/** A report as it is; a dossier as it would be judged on its own date by these rules. */
export async function readReportOf(
  path: string,
  { library, registry, rules }: { readonly library: Library; readonly registry: Registry; readonly rules: Rules },
): Promise<Report> {
  if (!isFolder(path)) return readReport(path);
  const seen = await readSeen(path);
  return judgeProduct({ seen, library, registry, at: seen.head.gatheredAt, ...rules });
}
