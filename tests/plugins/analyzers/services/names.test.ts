import { expect, test } from 'vitest';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze } from '../../../support/analyze.ts';

const program = { content: 'x', mode: 0o755 };

test("a maker's own server is told by its name", async () => {
  const { of } = await analyze([servicesStart], {
    '/etc/init.d/rcS': '#!/bin/sh\n/usr/bin/web-server &\n/usr/bin/httpsrv &\n/usr/bin/web-view &\n',
    '/usr/bin/web-server': program,
    '/usr/bin/httpsrv': program,
    '/usr/bin/web-view': program,
  });
  expect(of('service.start').map((one) => [one['program'], one['kind'], one['ports']])).toEqual([
    ['web-server', 'http', []],
    ['httpsrv', 'http', []],
    ['web-view', 'other', []],
  ]);
});

test("what only Android's recovery reads starts nothing", async () => {
  const shell = (name: string): string => `service ${name} /system/bin/sh\n    class core\n    console\n`;
  const { of } = await analyze([servicesStart], {
    '/init.rc': `on boot\n    class_start core\n${shell('console')}`,
    '/init.recovery.board.rc': shell('recovery_shell'),
    '/system/bin/sh': program,
  });
  expect(of('boot.console').map((one) => one['file'])).toEqual(['/init.rc']);
});
