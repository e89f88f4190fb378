/** OpenWrt's unified configuration (`/etc/config/*`, UCI): sections with their options, where they stand, and what counts as on. */

export interface UciOption {
  readonly option: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

export interface UciSection {
  readonly type: string;
  readonly name: string;
  /** Lines from 1: its own, and the one behind it. */
  readonly start: number;
  readonly end: number;
  readonly options: readonly UciOption[];
}

/** As `config_get_bool` reads words (`/lib/functions.sh`). */
export const isOn = (value: string): boolean => /^(1|on|true|yes|enabled)$/.test(value);
export const isOff = (value: string): boolean => /^(0|off|false|no|disabled)$/.test(value);

/** In quotes, or up to the next space; what follows is a comment. */
const bare = (value: string): string => {
  const [, , quoted, plain] = /^\s*(?:(["'])(.*?)\1|(\S+))/.exec(value) ?? [];
  return quoted ?? plain ?? '';
};

/** All sections of a text, given as lines; what stands before the first is of none. */
export function uciSections(lines: readonly string[]): readonly UciSection[] {
  const starts = lines.flatMap((text, index) => (/^\s*(config|package)\s/.test(text) ? [index] : []));
  return starts.flatMap((start, nth) => {
    const end = starts[nth + 1] ?? lines.length;
    const [, type, name = ''] = /^\s*config\s+(\S+)(?:\s+(\S+))?/.exec(lines[start] ?? '') ?? [];
    if (type === undefined) return [];
    const options = lines.slice(start, end).flatMap((text, index): readonly UciOption[] => {
      const [, , option, raw = ''] = /^\s*option\s+(['"]?)(\w+)\1\s+(.*)$/.exec(text) ?? [];
      return option === undefined ? [] : [{ option, value: bare(raw), line: start + index + 1 }];
    });
    return [{ type: bare(type), name: bare(name), start: start + 1, end: end + 1, options }];
  });
}

/** Whether a section says of itself that it is switched off. */
export const isSwitchedOff = ({ options }: UciSection): boolean =>
  options.some(({ option, value }) =>
    option === 'disabled' ? isOn(value) : /^enabled?$/.test(option) && isOff(value),
  );
