/** Facts about the kernel and the boot chain of an image. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const kernelVersion = defineFact({
  name: 'kernel.version',
  title: 'The version of a Linux kernel in an image',
  over: 'image',
  schema: object({
    version: text(),
    series: text('5.10, 2.6.36 …'),
    source: oneOf(['banner', 'modules', 'uimage', 'configuration']),
    file: text(),
    endOfLife: maybe(text('Date upstream support of the series ended, ISO 8601.')),
    supported: oneOf(['yes', 'no', 'unknown']),
  }),
});
export const kernelOption = defineFact({
  name: 'kernel.option',
  title: 'A kernel build option that bears on security',
  over: 'image',
  schema: object({
    option: text(),
    value: text('y, m, n (absent or `is not set`), or its literal'),
    expected: text(),
    holds: yes(),
    group: oneOf(['memory', 'modules', 'debug', 'confinement', 'network', 'attack-surface']),
    file: text(),
  }),
});
export const kernelSysctl = defineFact({
  name: 'kernel.sysctl',
  title: 'A kernel setting that the image makes',
  over: 'root-file-system',
  schema: object({
    key: text(),
    value: text(),
    file: text(),
    line: whole(),
    effective: yes('The last writer in boot order.'),
  }),
});
export const kernelSetting = defineFact({
  name: 'kernel.setting',
  title: 'What a kernel setting is once the image has booted, by its last writer or the kernel’s own default',
  over: 'root-file-system',
  schema: object({
    key: text(),
    value: text('`unset` when no file sets it.'),
    by: oneOf(['file', 'default', 'unknown']),
  }),
});
export const kernelModule = defineFact({
  name: 'kernel.module',
  title: 'How many kernel modules of an image are signed, and by whom',
  over: 'root-file-system',
  schema: object({
    modules: count(),
    signed: count(),
    unsigned: count(),
    /** Of some without a signature. */
    without: list(text()),
    hashes: list(text()),
    signers: list(text()),
  }),
});
export const kernelCommandLine = defineFact({
  name: 'kernel.command-line',
  title: 'A kernel command line in an image',
  over: 'image',
  schema: object({
    text: text(),
    source: text(),
    consoles: list(text()),
    readOnlyRoot: oneOf(['yes', 'no', 'unknown']),
    weakens: list(text('init=/bin/sh, nokaslr, mitigations=off …')),
    verity: yes(),
  }),
});
export const bootLoader = defineFact({
  name: 'boot.loader',
  title: 'A boot loader in an image',
  over: 'image',
  schema: object({
    name: oneOf(['u-boot', 'grub', 'barebox', 'redboot', 'cfe', 'other']),
    version: maybe(text()),
    file: text(),
    offset: maybe(whole()),
    verifies: oneOf(['yes', 'no', 'unknown'], 'Signs of verified boot in it (FIT signature code and a key).'),
  }),
});
export const bootEnvironment = defineFact({
  name: 'boot.environment',
  title: 'The environment of a boot loader',
  over: 'image',
  schema: object({
    file: text(),
    source: oneOf(['partition', 'built-in', 'config']),
    valid: maybe(yes('Its CRC holds.')),
    copy: maybe(
      oneOf(
        ['single', 'active', 'unknown'],
        'Of two copies the one in force is told; unknown: there are more than two.',
      ),
    ),
    bootdelay: maybe(whole('Seconds; -2 does not look for a key at all.')),
    interruptible: oneOf(['yes', 'no', 'unknown']),
    silent: yes(),
    otherBoot: list(text('tftp, usb, dhcp … in boot commands.')),
    card: oneOf(
      ['no', 'yes', 'unknown'],
      'A memory card; mmc in boot commands is one, or memory of the device itself.',
    ),
    console: maybe(text()),
    secrets: list(text('Names of variables that hold secrets.')),
  }),
});
export const bootConsole = defineFact({
  name: 'boot.console',
  title: 'What runs on a serial or local console',
  over: 'root-file-system',
  schema: object({
    device: text(),
    serial: yes(),
    program: text(),
    login: oneOf(['password', 'none', 'unknown'], 'none: a shell without login.'),
    started: oneOf(['always', 'never', 'unknown']),
    file: text(),
    line: whole(),
  }),
});
export const bootVerification = defineFact({
  name: 'boot.verification',
  title: 'A sign of verified boot in an image',
  over: 'image',
  schema: object({
    kind: oneOf(['fit-signature', 'avb', 'dm-verity', 'soc-header', 'mcuboot', 'esp-secure-boot', 'uefi']),
    present: yes(),
    file: text(),
    detail: maybe(text()),
  }),
});
