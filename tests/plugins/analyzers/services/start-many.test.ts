import { describe, expect, test } from 'vitest';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze } from '../../../support/analyze.ts';

type Files = Parameters<typeof analyze>[1];
const told = async (files: Files): Promise<readonly string[]> => {
  const { gaps } = await analyze([servicesStart], files);
  return gaps.map(({ message }) => message);
};
const unit = '/lib/systemd/system/a.service';
const wants = { '/etc/systemd/system/multi-user.target.wants/a.service': { type: '2', link: unit } } as const;

describe('what is not followed is told', () => {
  test('units that a unit wants', async () => {
    const names = Array.from({ length: 2501 }, (_, nth) => `Wants=x${nth}.service y${nth}.service`).join('\n');
    expect(await told({ ...wants, [unit]: `[Unit]\n${names}\n` })).toContain('more than 5000 units are wanted');
  });

  test('drop-ins', async () => {
    const files = Array.from({ length: 51 }, (_, nth) => [`${unit}.d/${nth}.conf`, '[Service]\nNice=1\n'] as const);
    expect(await told({ ...wants, [unit]: '[Service]\n', ...Object.fromEntries(files) })).toContain(
      'a.service has more than 50 drop-ins',
    );
  });

  test('commands of loops', async () => {
    const names = Array.from({ length: 100 }, (_, nth) => `a${nth}`).join(' ');
    const loop = `#!/bin/sh\nfor i in ${names}\ndo\n${`${'$i;'.repeat(300)}\n`.repeat(60)}`;
    expect(await told({ '/etc/init.d/rcS': loop })).toContain('a start script runs more commands than were followed');
  });
});

test.each<readonly [string, Files]>([
  ['options of telnetd', { '/opt/i.conf': `telnet stream tcp nowait root /telnetd telnetd -${'l'.repeat(100_000)}` }],
  ['services of xinetd', { '/opt/i.conf': 'service x {\nserver = /a\n}\n'.repeat(30_000) }],
  ['services without an end', { '/opt/i.conf': `service x {\n}\n${'service x {\n'.repeat(60_000)}` }],
  ['options of sed', { '/etc/x': `sed -${'i'.repeat(100_000)}` }],
])('hostile starts are read in time: %s', async (_name, files) => {
  const from = performance.now();
  await told({ '/etc/init.d/rcS': '#!/bin/sh\ninetd /opt/i.conf\n', ...files });
  expect(performance.now() - from).toBeLessThan(4000);
});
