/** The registry of exporters: one line each. */
export { icsIxitMarkdown } from './ics-ixit/markdown.ts';
export { icsIxit } from './ics-ixit/workbook.ts';
export { oscal } from './oscal/results.ts';
export { psti } from './psti/statement.ts';
export { skeleton } from './ts-103-701/skeleton.ts';
