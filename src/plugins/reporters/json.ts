/** The report as JSON: `baselines/schema/report.schema.json`. */
import type { Reporter } from '../../core/model/renderer.ts';

export const json: Reporter = {
  id: 'json',
  title: 'The whole report as JSON',
  extension: 'json',
  mediaType: 'application/json',
  render: (report) => `${JSON.stringify(report, null, 2)}\n`,
};
