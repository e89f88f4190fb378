/** Patterns of conditions → matchers of text in linear time: RE2, or JavaScript's own engine where it is linear too. */
import { createRequire } from 'node:module';
import type { RE2JS } from '@bufbuild/re2';

/** Letters, digits, a few marks, anchors and `|`: without repetition or groups a backtracking engine is linear too, and much faster. */
const PLAIN_PATTERN = /^[\w \-/:,;=@#%&!'"~<>.^$|]*$/;

/** Its tables of Unicode take as long to load as all else: only a pattern that needs it waits for it. */
const re2 = (): typeof RE2JS =>
  (createRequire(import.meta.url)('@bufbuild/re2') as { readonly RE2JS: typeof RE2JS }).RE2JS;

/** What RE2 surely understands wherever JavaScript does: groups, classes, repetition, escaped marks; no counts of groups. */
const USUAL_PATTERN =
  /^(?:\(\?i\))?(?:[\w \-/:,;=@#%&!'"~<>.^$|*+]|\(\?:|\((?!\?)|\)(?!\{)|(?<!\()\?|\\[.\-/+*?^$|()[\]{}dws]|\[\^?[\w .,:/@-]+\]|\{\d\d?\})*$/;

function isUsual(pattern: string): boolean {
  if (pattern.length > 200 || !USUAL_PATTERN.test(pattern)) return false;
  new RegExp(pattern.replace(/^\(\?i\)/, ''), 'u');
  return true;
}

/** Throws for what RE2 does not understand. */
export function compilePattern(pattern: string): { test(text: string): boolean } {
  if (PLAIN_PATTERN.test(pattern)) return new RegExp(pattern, 'u');
  if (!isUsual(pattern)) return re2().compile(pattern);
  let compiled: ReturnType<typeof RE2JS.compile> | undefined;
  return {
    test(text) {
      compiled ??= re2().compile(pattern);
      return compiled.test(text);
    },
  };
}
