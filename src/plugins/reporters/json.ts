/** The report as JSON: `baselines/schema/report.schema.json`. What a terminal obeys or hides is escaped, and means the same. */
import type { Reporter } from '../../core/model/renderer.ts';

export const json: Reporter = {
  id: 'json',
  title: 'The whole report as JSON',
  extension: 'json',
  mediaType: 'application/json',
  render: (report) => `${inert(JSON.stringify(report, null, 2))}\n`,
};

/** `JSON.stringify` escapes the control characters below space and half pairs, and leaves the others as they are. */
const inert = (text: string): string =>
  text.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (one) =>
    [...Array(one.length).keys()].map((at) => `\\u${one.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
