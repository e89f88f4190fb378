/** The report as JSON: `baselines/schema/report.schema.json`. What a terminal obeys or hides is escaped, and means the same. */
import type { Reporter } from '../../core/model/renderer.ts';
import { inertJson } from '../../lib/json.ts';

export const json: Reporter = {
  id: 'json',
  title: 'The whole report as JSON',
  extension: 'json',
  mediaType: 'application/json',
  render: (report) => `${inertJson(report)}\n`,
};
