import { expect, test } from 'vitest';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze } from '../../../support/analyze.ts';

const program = { content: 'x', mode: 0o755 };
const unit = '/lib/systemd/system/a.service';
const wants = { '/etc/systemd/system/multi-user.target.wants/a.service': { type: '2', link: unit } } as const;

test.each<readonly [string, Parameters<typeof analyze>[1]]>([
  ['inittab', { '/etc/inittab': "::once:/bin/sh -c '/usr/sbin/telnetd -l /bin/sh'\n" }],
  ['several commands', { '/etc/inittab': '::once:/bin/sh -c "sleep 3; exec telnetd -l /bin/sh"\n' }],
  ['a shell in a shell', { '/etc/inittab': `::once:sh -c "sh -c 'telnetd -l /bin/sh'"\n` }],
  ['a unit', { ...wants, [unit]: "[Service]\nExecStart=/bin/sh -c 'telnetd -l /bin/sh'\n" }],
  ['a script', { '/etc/init.d/rcS': "#!/bin/sh\nsh -c 'telnetd -l /bin/sh'\n" }],
])('what a shell is given on its command line is followed: %s', async (_name, files) => {
  const { of } = await analyze([servicesStart], { '/usr/sbin/telnetd': program, ...files });
  expect(of('service.start').filter(({ program: name }) => name === 'telnetd')).toEqual([
    expect.objectContaining({ started: 'always', loginless: true }),
  ]);
});

test('what it is given hangs on its own tests, and on nothing endless', async () => {
  const nested = `${'sh -c '.repeat(200)}telnetd`;
  const { of, gaps } = await analyze([servicesStart], {
    '/etc/inittab': `::once:/bin/sh -c '[ -f /mnt/debug ] && dropbear'\n::once:${nested}\n`,
    '/usr/sbin/dropbear': program,
  });
  expect(of('service.start')).toContainEqual(expect.objectContaining({ program: 'dropbear', started: 'unknown' }));
  expect(gaps.map(({ message }) => message)).toContain('shells are nested deeper than was followed');
});
