/** `assay render`: a report in other formats. The exit code says whether it could be rendered, not what it says. */
import { UsageError } from '../../lib/fault.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit-code.ts';
import { isFolder } from '../files.ts';
import { judgeOptions } from '../options.ts';
import { chooseReports, writeReports } from '../output.ts';
import { readReport } from '../reading.ts';

export async function run({ arguments: [path], options: raw, io }: Call): Promise<number> {
  if (path === undefined) throw new UsageError('the report is missing', 'assay render REPORT.json --report FORMAT');
  if (isFolder(path)) throw new UsageError(`${path}: it is no report`, `assay evaluate ${path} judges a dossier`);
  const { reports, quiet } = judgeOptions(raw);
  const chosen = await chooseReports(reports, { quiet: quiet || reports.length > 0, exports: false });
  await writeReports(io, chosen, await readReport(path), undefined);
  return EXIT.good;
}
