/** From options to what a run needs: the product with its digests, settings, permissions, declaration, keys. */
import { hostname } from 'node:os';
import type { Given } from '../core/assessment/plan.ts';
import type { DossierHead } from '../core/evidence/dossier.ts';
import type { Settings } from '../core/model/gatherer.ts';
import type { Input, Report } from '../core/model/report.ts';
import { type DigestedFile, nameOf, type Target } from '../core/model/target.ts';
import { isPublic } from '../core/network/address.ts';
import { UsageError } from '../lib/fault.ts';
import { readWhole } from '../lib/whole-file.ts';
import { type Declaration, readDeclaration } from './declaration.ts';
import { type LocatedFile, locate, plainFile } from './files.ts';
import type { GatherOptions } from './options.ts';
import { KEY_FILE, readTrustedKeys } from './trusted-key.ts';

export interface Prepared {
  readonly target: DossierHead['target'];
  readonly scope: Report['scope'];
  readonly settings: Settings;
  readonly declaration?: Declaration;
  readonly given: Given;
  readonly inputs: readonly Input[];
  /** When the run began, ISO 8601. */
  readonly startedAt: string;
  /** Where an image or update lies on this machine. */
  location(path: string): string;
}

/** `at` is the date of judgement. Throws UsageError for whatever is missing, unreadable or wrong. */
export async function prepare(options: GatherOptions, startedAt: string, at: string): Promise<Prepared> {
  const devices = options.devices.map(hostOf);
  refusePublic(devices, options.authorized);
  const images = locate(options.firmware);
  const updates = locate(options.updates);
  const declared = options.declaration === undefined ? undefined : await readDeclaration(options.declaration);
  const declarationFile = options.declaration === undefined ? undefined : locate([options.declaration])[0];
  const files = new Map([...images, ...updates].map(({ path, location }) => [path, location]));
  const target: DossierHead['target'] = {
    name: options.name ?? nameFrom(declared?.value, devices, [...images, ...updates]),
    state: options.state ?? declared?.value.device?.state ?? 'unknown',
    devices: devices.map((host) => ({ host })),
    images: images.map(plainFile),
    updates: updates.map(plainFile),
    ...(declarationFile === undefined ? {} : { declaration: plainFile(declarationFile) }),
    ...(declared?.value.product === undefined ? {} : { product: declared.value.product }),
  };
  const updateUrl = options.updateUrl ?? declared?.value.updates?.url;
  return {
    target,
    scope: scopeOf(options),
    settings: {
      state: target.state,
      ports: options.ports,
      credentials: options.credentials,
      credentialTries: options.credentialTries,
      intrusive: options.intrusive,
      crackSeconds: options.crackSeconds,
      authorities: options.authorities.map((path) => readWhole(path, KEY_FILE)),
      keys: [...options.keys.flatMap((path) => readTrustedKeys(path)), ...(declared?.keys ?? [])],
      ...(updateUrl === undefined ? {} : { updateUrl }),
      now: at,
    },
    ...(declared === undefined ? {} : { declaration: declared.value }),
    given: givenOf(target, permissionsOf(options)),
    inputs: inputsOf(target),
    startedAt,
    location: (path) => files.get(path) ?? path,
  };
}

const HOST = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/;
const ADDRESS6 = /^[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9_.-]{1,16})?$/;

/** A host name or address; an IPv6 address may stand in brackets. */
export function hostOf(text: string): string {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (HOST.test(bare) || (bare.includes(':') && ADDRESS6.test(bare))) return bare;
  const hint = /^[a-z]+:\/\//i.test(text) ? 'give the host alone, without scheme and path' : 'a name, or an address';
  throw new UsageError(`'${text}' is no host`, hint);
}

function refusePublic(hosts: readonly string[], authorized: boolean): void {
  const outside = hosts.filter(isPublic);
  if (authorized || outside.length === 0) return;
  throw new UsageError(
    outside.map((host) => ({
      message:
        /[^\d.]/.test(host) && !host.includes(':')
          ? `${host} is no file, and as a host it may be public`
          : `${host} is a public address`,
      hint: 'probe only what you may: say so with --authorized',
    })),
  );
}

function nameFrom(
  declaration: Declaration | undefined,
  hosts: readonly string[],
  files: readonly LocatedFile[],
): string {
  const { maker, model } = declaration?.product ?? {};
  if (model !== undefined) return maker === undefined ? model : `${maker} ${model}`;
  return hosts[0] ?? files[0]?.path ?? 'product';
}

const permissionsOf = (options: GatherOptions): readonly string[] =>
  (['authorized', 'credentials', 'intrusive'] as const).filter((name) => options[name]);

function scopeOf(options: GatherOptions): Report['scope'] {
  return {
    ports: options.ports,
    pace: options.pace,
    permissions: permissionsOf(options),
    vantage: hostname(),
    ...(options.tester === undefined ? {} : { tester: options.tester }),
  };
}

/** What a plan may count on. Logins are the user's word `--credentials`; everything else intrusive is `--intrusive`. */
export function givenOf(target: Target, permissions: readonly string[]): Given {
  return {
    devices: target.devices.length > 0,
    images: target.images.length > 0,
    updates: target.updates.length > 0,
    declaration: target.declaration !== undefined,
    refuses({ intrusion, produces }) {
      if (intrusion !== 'intrusive') return undefined;
      const needs = produces.some(({ name }) => name.startsWith('login.')) ? 'credentials' : 'intrusive';
      return permissions.includes(needs) ? undefined : `--${needs}`;
    },
  };
}

function inputsOf(target: Target): readonly Input[] {
  const input = (kind: Input['kind'], { path, sha256 }: DigestedFile): Input => ({ kind, id: path, sha256 });
  return [
    ...target.images.map((file) => input('firmware', file)),
    ...target.updates.map((file) => input('update', file)),
    ...(target.declaration === undefined ? [] : [input('declaration', target.declaration)]),
  ];
}

/** For messages: what the target consists of. */
export const partsOf = (target: Target): string =>
  [
    ...target.devices.map(({ host }) => nameOf({ kind: 'host', host })),
    ...target.images.map(({ path }) => path),
    ...target.updates.map(({ path }) => path),
  ].join(', ');
