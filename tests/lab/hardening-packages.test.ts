/** Hardening told by assay against readelf and hardening-check on Debian packages of four architectures, fetched by this machine's own package tools. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { assayOf, filesBelow, readelfOf, type Told } from '../support/readelf.ts';

const MACHINES = ['armhf', 'arm64', 'mipsel', 'amd64'];
/** Daemons, a multi-call binary, libraries, and the dynamic loader of musl. */
const PACKAGES = [
  'dropbear-bin',
  'mosquitto',
  'lighttpd',
  'busybox',
  'openssh-server',
  'vsftpd',
  'libssl3',
  'musl',
  'dnsmasq-base',
];
const folder = mkdtempSync(join(tmpdir(), 'assay-packages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first Debian source of this machine; packages are asked of no other. */
function source(): string | undefined {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].filter((path) => existsSync(path));
  const text = files.map((path) => readFileSync(path, 'utf8')).join('\n');
  const from = /^(?:URIs:\s*|deb\s+)(\S+\/debian\/?)(?:\s|$)/m.exec(text)?.[1];
  const release = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  return from === undefined || release === undefined ? undefined : `deb ${from} ${release} main\n`;
}

function apt(...words: readonly string[]): boolean {
  const options = [
    `Dir::State=${folder}/state`,
    `Dir::State::status=${folder}/status`,
    `Dir::Cache=${folder}/cache`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::Etc::sourcelist=${folder}/list`,
    'APT::Architecture=amd64',
    ...MACHINES.map((machine) => `APT::Architectures::=${machine}`),
    'Acquire::Languages=none',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false',
    'APT::Sandbox::User=root',
  ];
  return (
    spawnSync('apt-get', [...options.flatMap((option) => ['-o', option]), ...words], {
      cwd: `${folder}/debs`,
      timeout: 170_000,
    }).status === 0
  );
}

/** Fetches and unpacks them; false where there is no network, no Debian or no such machine. */
function fetched(): boolean {
  const list = existsSync('/etc/os-release') ? source() : undefined;
  if (list === undefined || spawnSync('readelf', ['--version']).status !== 0) return false;
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'debs'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(join(folder, 'list'), list);
  if (!apt('update')) return false;
  apt('download', ...MACHINES.flatMap((machine) => PACKAGES.map((name) => `${name}:${machine}`)));
  for (const name of readdirSync(`${folder}/debs`)) {
    const machine = /_(\w+)\.deb$/.exec(name)?.[1] ?? '';
    spawnSync('dpkg-deb', ['-x', `${folder}/debs/${name}`, `${folder}/${machine}`]);
  }
  return MACHINES.every((machine) => existsSync(join(folder, machine)));
}
const online = fetched();

describe.skipIf(!online)('packages of other machines', () => {
  test.each(MACHINES)('%s: each ELF file is told as readelf has it', (machine) => {
    const differing: string[] = [];
    let compared = 0;
    for (const path of filesBelow(join(folder, machine))) {
      const [ours, real] = [assayOf(path)?.told, readelfOf(path)];
      if (ours === undefined && real === undefined) continue;
      compared += 1;
      if (JSON.stringify(ours) !== JSON.stringify(real))
        differing.push(`${path.slice(folder.length)}: ${JSON.stringify(ours)} but ${JSON.stringify(real)}`);
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(30);
  });

  test.skipIf(spawnSync('hardening-check').error !== undefined).each(MACHINES)(
    '%s: programs are told as hardening-check has it, where it says yes or no',
    (machine) => {
      const differing: string[] = [];
      let compared = 0;
      for (const path of filesBelow(join(folder, machine))) {
        const ours = assayOf(path);
        if (ours?.hardening.kind !== 'program') continue;
        compared += 1;
        differing.push(...differences(checkOf(path), ours.told).map((what) => `${path.slice(folder.length)}: ${what}`));
      }
      expect(differing).toEqual([]);
      expect(compared).toBeGreaterThan(8);
    },
  );
});

function checkOf(path: string): ReadonlyMap<string, string> {
  const { stdout } = spawnSync('hardening-check', ['--nocfprotection', '--nobranchprotection', path], {
    encoding: 'utf8',
  });
  return new Map([...stdout.matchAll(/^ ([^:]+): (yes|no)\b/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
}

function differences(check: ReadonlyMap<string, string>, told: Told): readonly string[] {
  const rows: readonly (readonly [string, boolean])[] = [
    ['Position Independent Executable', told.pie],
    ['Stack protected', told.canary],
    ['Read-only relocations', told.relro !== 'none'],
    // It takes «now» for binding alone; without the segment there is nothing to protect.
    ['Immediate binding', told.relro === 'full'],
  ];
  return rows
    .filter(([name, ours]) => check.has(name) && (check.get(name) === 'yes') !== ours)
    .map(([name, ours]) => `${name}: ${String(ours)} but ${String(check.get(name))}`);
}
