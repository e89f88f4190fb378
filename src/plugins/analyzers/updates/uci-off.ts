/** Which lines of a UCI configuration belong to a section that is switched off. */

const SECTION = /^\s*(config|package)\s/;
const OFF = /^\s*option\s+['"]?(?:enabled?['"]?\s+['"]?(?:0|no|off|false)|disabled['"]?\s+['"]?(?:1|yes|on|true))\b/;

/** Indices of lines, from 0; empty for what is no file of `/etc/config`. */
export function switchedOff(name: string, lines: readonly string[]): ReadonlySet<number> {
  const starts = name.startsWith('/etc/config/') ? [...lines.keys()].filter((at) => SECTION.test(lines[at] ?? '')) : [];
  const sections = starts.map((start, nth) => ({ start, end: starts[nth + 1] ?? lines.length }));
  const off = sections.filter(({ start, end }) => lines.slice(start, end).some((line) => OFF.test(line)));
  return new Set(off.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, nth) => start + nth)));
}
