/** What devices show their server for remote management (TR-069): a password in the defaults is that of every unit. */
import { markupIn, settingGroups } from '../../../codecs/formats/markup-settings.ts';
import { serversOf } from '../../../codecs/formats/router-settings.ts';
import { wholeText } from '../../../codecs/formats/text-lines.ts';
import { uciSections } from '../../../codecs/formats/uci.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer } from '../../../core/model/gatherer.ts';
import { secretToken } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { entropyOf, isExamplePlace, isMarkupSettings, looksMade, masked } from './tell.ts';

const MOST_TEXT = 1 << 20;
const MOST = 20;
/** OpenWrt's clients. */
const UCI = /^\/etc\/config\/(easycwmp|icwmp|freecwmp|cwmp|cwmpd|tr069)$/;

export const secretsManagementServers: Analyzer = {
  id: 'secrets/management-servers',
  title: 'Credentials for remote management',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretToken],
  wants: (file) => file.type === 'file' && file.size > 0 && (UCI.test(file.name) || isMarkupSettings(file)),
  observe(file, content, context) {
    const passwords = passwordsIn(file, content);
    if (passwords.length > MOST)
      context.gap({ kind: 'over-budget', message: `more than ${MOST} credentials in one file` });
    for (const { value, line } of passwords.slice(0, MOST)) {
      context.emit(
        secretToken,
        {
          kind: 'tr069-password',
          file: file.name,
          line,
          masked: masked(value),
          confidence: 'likely',
          example: looksMade(value) || isExamplePlace(file),
          entropy: entropyOf(value),
        },
        { where: `line ${line}` },
      );
    }
  },
};

interface Password {
  readonly value: string;
  readonly line: number;
}

function passwordsIn(file: FileEntry, content: Blob): readonly Password[] {
  if (UCI.test(file.name))
    return uciSections((wholeText(content, MOST_TEXT) ?? '').split('\n'))
      .filter(({ type }) => type === 'acs')
      .flatMap(({ options }) => options.filter(({ option, value }) => option === 'password' && value !== ''));
  return serversOf(settingGroups(markupIn(content, MOST_TEXT) ?? '')).flatMap(({ password }) =>
    password === undefined ? [] : [password],
  );
}
