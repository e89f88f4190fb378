/** Hardware addresses of neighbours on the link, from the table that Linux keeps of them. */
import { readFile } from 'node:fs/promises';

const TABLE = '/proc/net/arp';
/** Flags of an entry that is complete (ATF_COM). */
const COMPLETE = 2;

/** The hardware address of an IPv4 neighbour in `aa:bb:cc:dd:ee:ff`; undefined where the system has no such table or entry. */
export async function neighbourOf(address: string, table = TABLE): Promise<string | undefined> {
  const text = await readFile(table, 'utf8').catch(() => '');
  for (const line of text.split('\n').slice(1)) {
    const [host, , flags, hardware] = line.trim().split(/ +/);
    if (host !== address || (Number(flags) & COMPLETE) === 0) continue;
    if (hardware !== undefined && hardware !== '00:00:00:00:00:00') return hardware.toLowerCase();
  }
  return undefined;
}
