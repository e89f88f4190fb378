/** The shorthand `assay scan HOST|FILE`: a host or address is a device, an existing path is firmware. */
import { existsSync } from 'node:fs';
import { UsageError } from '../lib/fault.ts';
import type { RawOptions } from './options.ts';
import { hostOf } from './prepare.ts';

/** Endings by which a name that is no path means a file all the same. */
const FILE_NAME =
  /\.(bin|img|image|fw|rom|trx|ubi|itb|squashfs|sqfs|jffs2|cpio|tar|t?gz|xz|zip|swu|raucb|mender|chk|dav|pkg|upd|ya?ml|json)$/i;

export function withTargets(options: RawOptions, targets: readonly string[]): RawOptions {
  const devices: string[] = [];
  const firmware: string[] = [];
  for (const target of targets) {
    if (existsSync(target)) firmware.push(target);
    else if (/[/\\]/.test(target) && !/^[a-z]+:\/\//i.test(target))
      throw new UsageError(`${target}: there is no such file`);
    else if (FILE_NAME.test(target))
      throw new UsageError(`${target}: there is no such file`, `if it is a host: --device ${target}`);
    else devices.push(hostOf(target));
  }
  return {
    ...options,
    ...(devices.length === 0 ? {} : { device: [...list(options['device']), ...devices] }),
    ...(firmware.length === 0 ? {} : { firmware: [...list(options['firmware']), ...firmware] }),
  };
}

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
