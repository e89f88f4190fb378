/** Makes names out of an image safe: absolute, without dots, bounded, or refused with a reason. */
import { FaultError } from '../../lib/fault.ts';
import type { UnpackLimits } from './limits.ts';

/** The absolute form of a name inside a container; throws a FaultError (`denied`, `over-budget`) when it must not be used. */
export function safeName(name: string, limits: Pick<UnpackLimits, 'path' | 'name'>): string {
  if (name.length > limits.path) throw new FaultError('over-budget', `name of ${name.length} characters`);
  if (name.includes('\0')) throw new FaultError('denied', 'name with a NUL character');
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') throw new FaultError('denied', 'name leads out of its container by ..');
    if (Buffer.byteLength(part) > limits.name)
      throw new FaultError('over-budget', `name part above ${limits.name} bytes`);
    parts.push(part);
  }
  const safe = `/${parts.join('/')}`;
  if (Buffer.byteLength(safe) > limits.path) throw new FaultError('over-budget', `path above ${limits.path} bytes`);
  return safe;
}

/** The text with control characters and such as turn the direction of writing made visible, for messages. */
export const shown = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );

export const parentOf = (name: string): string => name.slice(0, Math.max(1, name.lastIndexOf('/')));
