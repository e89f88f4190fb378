/** Public keys in an image that may log in by SSH. */

import { createHash } from 'node:crypto';
import { toldOf } from '../../../codecs/formats/private-key.ts';
import { publicKeyOf } from '../../../codecs/formats/ssh-blob.ts';
import { linesOf } from '../../../codecs/formats/text-lines.ts';
import type { Analyzer } from '../../../core/model/gatherer.ts';
import { accountAuthorizedKey } from '../../../facts/index.ts';

const MAX_KEYS = 1000;
const KEY =
  /(?:^|\s)((?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-[\w.@-]{1,60}))\s+(AAAA[A-Za-z0-9+/]{20,8000}={0,2})(?:\s+(.{0,200}))?$/;

export const accountsAuthorizedKeys: Analyzer = {
  id: 'accounts/authorized-keys',
  title: 'Public keys that may log in',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [accountAuthorizedKey],
  wants: (file) => file.type === 'file' && file.size > 0 && /\/authorized_keys2?(\/[\w.-]+)?$/.test(file.name),
  observe(file, content, context) {
    const { keys } = context.knowledge('known-keys') as { readonly keys: { readonly [spki: string]: string } };
    let found = 0;
    const cut = (message: string): void => context.gap({ kind: 'over-budget', message });
    for (const { number, text } of linesOf(content, { width: 16_384, cut })) {
      const key = keyIn(text, keys);
      if (key === undefined) continue;
      if (found === MAX_KEYS) {
        cut(`more than ${MAX_KEYS} keys in one file`);
        return;
      }
      found += 1;
      context.emit(
        accountAuthorizedKey,
        { account: accountOf(file.name), ...key, file: file.name },
        { where: `line ${number}` },
      );
    }
  },
};

interface Key {
  readonly type: string;
  readonly bits?: number;
  readonly fingerprint: string;
  readonly comment?: string;
  readonly known?: string;
}

function keyIn(line: string, keys: { readonly [spki: string]: string }): Key | undefined {
  const match = line.trimStart().startsWith('#') ? null : KEY.exec(line);
  if (match === null) return undefined;
  const [, type = '', body = '', comment] = match;
  const blob = Buffer.from(body, 'base64');
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
  const common = { type, fingerprint, ...(comment === undefined ? {} : { comment }) };
  const key = publicKeyOf(blob);
  if (key === undefined) return common;
  const { bits, spki } = toldOf(key);
  const known = keys[spki ?? ''];
  return { ...common, bits, ...(known === undefined ? {} : { known }) };
}

/** The owner of the home folder; Dropbear's own file is root's. */
const accountOf = (name: string): string => /^\/home\/([^/]+)\//.exec(name)?.[1] ?? 'root';
