/** JSON that a terminal shows and does not obey: what it would obey or hide is escaped, and means the same. */

/** `JSON.stringify` escapes the control characters below space and half pairs, and leaves the others as they are. */
const OBEYED = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

export const inertJson = (value: unknown, indent = 2): string =>
  (JSON.stringify(value, null, indent) ?? 'null').replace(OBEYED, (one) =>
    [...Array(one.length).keys()].map((at) => `\\u${one.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
