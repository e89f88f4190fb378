/** Every fixture of the archive and image unpackers against what it must give, as text beside this test. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { UnpackedImage } from '../../../src/core/unpacking/unpack.ts';
import { opened } from '../../support/unpacked.ts';

const top = 'fixtures/unpackers';
const fixtures = ['archive', 'chip', 'image', 'router', 'vendor'].flatMap((family) =>
  readdirSync(`${top}/${family}`)
    .filter((name) => !/^make\./.test(name))
    .map((name) => `${family}/${name}`),
);

function told({ tree, containers, regions, coverage, gaps }: UnpackedImage): string {
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const lines = [
    `${coverage.bytes} bytes: understood ${coverage.understood}, padding ${coverage.padding}, unknown ${coverage.unknown}, encrypted ${coverage.encrypted}`,
    ...regions.map(({ start, end, kind, format }) => `region ${hex(start)}..${hex(end)} ${kind} ${format ?? ''}`),
    ...containers.map(
      ({ path, format, start, end, note, opened: read }) =>
        `container ${path} ${format} ${hex(start)}..${hex(end)} ${read ? 'opened' : 'not opened'} ${note ?? ''}`,
    ),
    ...tree.roots.map(({ path, keepsModes }) => `root ${path} ${keepsModes ? 'keeps modes' : 'keeps no modes'}`),
    ...[...tree.entries()].map(({ path, type, mode, size, sha256, target, linkTo }) =>
      [
        type,
        mode?.toString(8).padStart(4, '0') ?? '----',
        size,
        path,
        target ?? linkTo ?? sha256?.slice(0, 16) ?? '',
      ].join(' '),
    ),
    ...gaps.map(({ path, area, fault }) => `gap ${path} (${area}) ${fault.kind}: ${fault.message}`),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

test('fixtures were found', () => {
  expect(fixtures.length).toBeGreaterThan(75);
});

test.each(fixtures)('%s', async (fixture) => {
  const text = await opened(`${top}/${fixture}`, told);
  await expect(text).toMatchFileSnapshot(`__golden__/${fixture.replace('/', '-')}.txt`);
});
