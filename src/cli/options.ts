/** What the command line and `assay.yaml` may say: names, shapes and checks of every option. */

import { nearest } from '../core/baseline/nearest.ts';
import { DEVICE_STATES, type DeviceState } from '../core/model/target.ts';
import { PACES, type Pace } from '../core/network/pace.ts';
import { UsageError } from '../lib/fault.ts';
import { FAIL_ON, type FailOn } from './exit-code.ts';

export interface Talk {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** What is looked at and how. */
export interface GatherOptions extends Talk {
  readonly devices: readonly string[];
  readonly firmware: readonly string[];
  readonly updates: readonly string[];
  readonly declaration?: string;
  readonly name?: string;
  readonly tester?: string;
  readonly ports: string;
  readonly pace: Pace;
  readonly state?: DeviceState;
  readonly credentials: boolean;
  readonly credentialTries: number;
  readonly intrusive: boolean;
  readonly authorized: boolean;
  readonly authorities: readonly string[];
  readonly keys: readonly string[];
  readonly updateUrl?: string;
  readonly crackSeconds: number;
  readonly only: readonly string[];
  readonly record?: string;
  readonly replay?: string;
  readonly out?: string;
}

/** How it is judged and told. */
export interface JudgeOptions extends Talk {
  readonly baselines: readonly string[];
  readonly waivers?: string;
  readonly asOf?: string;
  readonly reports: readonly string[];
  readonly failOn: FailOn;
  readonly strict: boolean;
  readonly against?: string;
}

/** Options as commander or a project file hands them over: long names in camel case. */
export type RawOptions = { readonly [name: string]: unknown };

export function gatherOptions(raw: RawOptions): GatherOptions {
  return {
    ...talk(raw),
    devices: texts(raw, 'device'),
    firmware: texts(raw, 'firmware'),
    updates: texts(raw, 'update'),
    ...optional('declaration', text(raw, 'declaration')),
    ...optional('name', text(raw, 'name')),
    ...optional('tester', text(raw, 'tester')),
    ports: portList(text(raw, 'ports') ?? 'default'),
    pace: choice(raw, 'pace', PACES) ?? 'gentle',
    ...optional('state', choice(raw, 'state', DEVICE_STATES)),
    credentials: flag(raw, 'credentials'),
    credentialTries: count(raw, 'credentialTries', 1, 100) ?? 3,
    intrusive: flag(raw, 'intrusive'),
    authorized: flag(raw, 'authorized'),
    authorities: texts(raw, 'ca'),
    keys: texts(raw, 'key'),
    ...optional('updateUrl', text(raw, 'updateUrl')),
    crackSeconds: count(raw, 'crackSeconds', 0, 86_400) ?? 20,
    only: texts(raw, 'only'),
    ...optional('record', text(raw, 'record')),
    ...optional('replay', text(raw, 'replay')),
    ...optional('out', text(raw, 'out')),
  };
}

export function judgeOptions(raw: RawOptions): JudgeOptions {
  return {
    ...talk(raw),
    baselines: texts(raw, 'baseline'),
    ...optional('waivers', text(raw, 'waivers')),
    ...optional('asOf', dateOf(text(raw, 'asOf'))),
    reports: texts(raw, 'report'),
    failOn: choice(raw, 'failOn', FAIL_ON) ?? 'mandatory',
    strict: flag(raw, 'strict'),
    ...optional('against', text(raw, 'against')),
  };
}

const talk = (raw: RawOptions): Talk => ({ quiet: flag(raw, 'quiet'), verbose: flag(raw, 'verbose') });

const optional = <K extends string, V>(key: K, value: V | undefined): { readonly [k in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [k in K]?: V });

/** `credentialTries` as the user writes it: `--credential-tries`. */
export const flagName = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const wrong = (name: string, what: string, hint?: string): UsageError =>
  new UsageError(`${flagName(name)}: ${what}`, hint);

function text(raw: RawOptions, name: string): string | undefined {
  const value = raw[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number') return String(value);
  if (value === '' || value === null) throw wrong(name, 'it needs a value');
  if (typeof value !== 'string') throw wrong(name, 'it takes one text');
  return value;
}

function texts(raw: RawOptions, name: string): readonly string[] {
  const value = raw[name];
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => text({ [name]: one }, name) ?? '');
}

function flag(raw: RawOptions, name: string): boolean {
  const value = raw[name];
  if (value !== undefined && typeof value !== 'boolean') throw wrong(name, 'it is either there or not: true or false');
  return value === true;
}

function choice<const T extends string>(raw: RawOptions, name: string, values: readonly T[]): T | undefined {
  const value = text(raw, name);
  if (value === undefined) return undefined;
  const found = values.find((one) => one === value);
  if (found === undefined) throw wrong(name, `'${value}' is none of ${values.join(', ')}`, nearest(value, values));
  return found;
}

function count(raw: RawOptions, name: string, min: number, max: number): number | undefined {
  const value = text(raw, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d{1,9}$/.test(value) || number < min || number > max)
    throw wrong(name, `'${value}' is no whole number from ${min} to ${max}`);
  return number;
}

/** `default`, `all`, or a list such as `22,80,8000-8100` with ports from 1 to 65535. */
export function portList(ports: string): string {
  if (ports === 'default' || ports === 'all') return ports;
  for (const part of ports.split(',')) {
    const [, from = '', to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? [];
    const [low, high] = [Number(from), Number(to)];
    if (from === '' || low < 1 || high > 65_535 || low > high)
      throw wrong(
        'ports',
        `'${part}' is no port and no range of ports`,
        'default, all, or a list such as 22,80,8000-8100',
      );
  }
  return ports.replaceAll(' ', '');
}

function dateOf(value: string | undefined): string | undefined {
  if (value === undefined || value === 'now') return value;
  const shape = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/;
  const date = shape.test(value) ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime()) || !date.toISOString().startsWith(value.slice(0, 10)))
    throw wrong('asOf', `'${value}' is no date`, 'YYYY-MM-DD, or now');
  return date.toISOString();
}
