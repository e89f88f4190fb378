/** `assay seal DOSSIER --key K`: signs the hash of every file of a dossier, and what it was judged to be. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SEAL } from '../../core/evidence/dossier.ts';
import { listFolder } from '../../core/evidence/listing.ts';
import { keyId, seal } from '../../core/evidence/seal.ts';
import { UsageError } from '../../lib/fault.ts';
import { plural, safeText } from '../../lib/text.ts';
import { whyUnwritten } from '../../lib/whole-file.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit-code.ts';
import { readChain, readSealingKey } from '../seal-keys.ts';
import { rejudge } from '../sealing.ts';
import { version } from '../version.ts';

export async function run({ arguments: [folder], options, io }: Call): Promise<number> {
  if (folder === undefined) throw new UsageError('the dossier is missing', 'assay seal DOSSIER --key KEY.pem');
  const file = options['key'];
  if (typeof file !== 'string') throw new UsageError('--key is missing', 'assay seal DOSSIER --key KEY.pem');
  const key = readSealingKey(file);
  const { certificate } = options;
  const certificates = typeof certificate === 'string' ? readChain(certificate, key) : [];
  const baselines = Array.isArray(options['baseline']) ? (options['baseline'] as readonly string[]) : [];
  const { seen, said } = await rejudge(folder, baselines);
  if (!seen.head.complete) throw new UsageError(`${folder}: gathering was cut short`, 'gather again and seal that');
  const path = join(folder, SEAL);
  if (existsSync(path)) throw new UsageError(`${folder}: it is sealed already`, `remove ${SEAL} to seal it anew`);
  const { files, strange } = listFolder(folder, SEAL);
  if (strange.length > 0) throw new UsageError(`${folder}: ${safeText(strange[0] ?? '')} is no plain file`);
  const tool = { name: 'assay', version: version() };
  const text = seal(files, { tool, sealedAt: new Date().toISOString(), report: said, certificates }, key);
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new UsageError(`${path}: it cannot be written: ${whyUnwritten(error)}`);
  }
  if (options['quiet'] !== true)
    io.out(
      `${safeText(folder)}: sealed, ${plural(files.size, 'file')}, judged ${said.outcome} by ${said.baselines.join(', ')}\nkey sha256:${keyId(key)}\n`,
    );
  return EXIT.good;
}
