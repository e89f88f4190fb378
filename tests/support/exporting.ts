/** Dossiers to export: a report with the facts that it cites, and what ships with assay. */
import { Buffer } from 'node:buffer';
import { library } from '../../src/cli/compose.ts';
import type { Fact } from '../../src/core/model/fact.ts';
import type { Dossier } from '../../src/core/model/renderer.ts';
import type { Report } from '../../src/core/model/report.ts';
import { memoryBlob } from '../../src/lib/blob.ts';

/** What an exporter gets for a report. `facts` default to those that the report cites. */
export async function dossierOf(
  report: Report,
  more: { readonly declaration?: { readonly [section: string]: unknown }; readonly facts?: readonly Fact[] } = {},
): Promise<Dossier> {
  const shelf = await library();
  const controls: { [baseline: string]: Dossier['controls'][string] } = {};
  for (const { baseline } of report.assessments) {
    const level = baseline.level === undefined ? '' : `:${baseline.level}`;
    const known = await shelf.baseline(`${baseline.id}@${baseline.version}${level}`);
    controls[`${baseline.id}@${baseline.version}`] = known.controls;
  }
  return {
    report,
    facts: more.facts ?? report.facts,
    gaps: report.coverage.gaps,
    ...(more.declaration === undefined ? {} : { declaration: more.declaration }),
    controls,
    knowledge: (id) => shelf.knowledge(id),
    open: () => memoryBlob(Buffer.alloc(0)),
  };
}
