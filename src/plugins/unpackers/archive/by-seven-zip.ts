/** What the formats that 7-Zip opens share: the job is run in a worker, its entries go to the sink. */
import type { SevenZipInput, SevenZipOutput } from '../../../codecs/archives/seven-zip.ts';
import { SEVEN_ZIP } from '../../../codecs/jobs.ts';
import type { Sink, UnpackContext } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

/** What one archive may unpack to in memory. */
const MOST = 1024 * 2 ** 20;
const MOST_ENTRIES = 200_000;

export async function openBySevenZip(
  container: Blob,
  into: Sink,
  context: UnpackContext,
  format: string,
): Promise<void> {
  const { origin } = container;
  const input: SevenZipInput = {
    ...(origin === undefined ? { bytes: container.read(0, container.size) } : { ...origin, size: container.size }),
    format,
    most: MOST,
    mostEntries: MOST_ENTRIES,
  };
  const output = (await context.job(SEVEN_ZIP, input)) as SevenZipOutput;
  for (const { name, type, content, target } of output.entries) {
    if (type === 'directory') into.directory(name);
    else if (type === 'symlink') into.symlink(name, target ?? '');
    else await into.file(name, content === undefined ? [] : [content]);
  }
  if (output.encrypted) {
    into.note({ start: 0, end: container.size, what: 'encrypted content', kind: 'encrypted' });
    throw new FaultError('encrypted', 'the content of the archive is encrypted');
  }
  if (output.complaint !== '') throw new FaultError('malformed', output.complaint);
  if (output.entries.length === 0) throw new FaultError('malformed', 'nothing came out of it');
}
