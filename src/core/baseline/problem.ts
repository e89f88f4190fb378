/** Collects the mistakes of a document with their places. */
import type { Problem } from '../../lib/fault.ts';
import type { SourceDocument } from './document.ts';
import type { Complain, Path } from './value-test.ts';

/** A `complain` that turns paths under `base` into places of `document`. */
export const complainInto =
  (problems: Problem[], document: SourceDocument, base: Path = []): Complain =>
  (path, message, hint, at) => {
    problems.push({
      message,
      at: document.place([...base, ...path], at === 'key'),
      ...(hint === undefined ? {} : { hint }),
    });
  };
