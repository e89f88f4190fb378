/** Conditions of OpenWrt's start scripts that the image's own settings answer: `[ "$enable" = 0 ]` with `config_get_bool enable … enable 1`. */
import { isOn, uciSections } from '../../../codecs/formats/uci.ts';

const TEST = /^(not )?\[ "?\$\{?(\w{1,40})\}?"? (=|==|!=|-eq|-ne|-gt|-ge) "?(\d{1,3})"? \]$/;

/** Conditions that a reader of scripts joins by ` and `: what is left of them when those that hold are taken out; null when one does not hold. */
export function leftOf(
  condition: string | undefined,
  script: string,
  settings: string | undefined,
): string | undefined | null {
  if (condition === undefined) return undefined;
  const answers = condition.split(' and ').map((part) => ({ part, holds: holds(part.trim(), script, settings) }));
  if (answers.some((one) => one.holds === false)) return null;
  const open = answers.filter((one) => one.holds === undefined).map(({ part }) => part);
  return open.length === 0 ? undefined : open.join(' and ');
}

function holds(part: string, script: string, settings: string | undefined): boolean | undefined {
  const match = TEST.exec(part);
  const value = match === null ? undefined : uciValue(match[2] ?? '', script, settings);
  if (match === null || value === undefined) return undefined;
  const [, negated, , operator, wanted] = match;
  const [left, right] = [value, Number(wanted)];
  const truth = {
    '=': left === right,
    '==': left === right,
    '-eq': left === right,
    '!=': left !== right,
    '-ne': left !== right,
    '-gt': left > right,
    '-ge': left >= right,
  }[operator ?? ''];
  return negated === undefined ? truth : !truth;
}

/** The value of a variable that the script takes from UCI with a default of its own, where every section agrees. */
function uciValue(name: string, script: string, settings: string | undefined): number | undefined {
  const got = new RegExp(
    `\\bconfig_get(?:_bool)?\\s+["']?${name}["']?\\s+\\S+\\s+["']?(\\w+)["']?\\s+["']?([01])\\b`,
  ).exec(script);
  const checked = new RegExp(`["']${name}:bool:([01])["']`).exec(script);
  const [option, fallback] = got === null ? [name, checked?.[1]] : [got[1] ?? name, got[2]];
  if (fallback === undefined || settings === undefined) return undefined;
  const set = new Set(
    uciSections(settings.split('\n'))
      .flatMap(({ options }) => options)
      .filter((one) => one.option === option)
      .map(({ value }) => (isOn(value) ? 1 : 0)),
  );
  if (set.size > 1) return undefined;
  return [...set][0] ?? Number(fallback);
}
