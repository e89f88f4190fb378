/** A handshake up to TLS 1.2 that is left open after the server's first flight, for what is tried there. */
import type { Duplex } from 'node:stream';
import { StreamReader } from '../../../codecs/protocols/stream-reader.ts';
import { type Flight, readFlight, readRecord, type TlsRecord } from '../../../codecs/protocols/tls-flight.ts';
import { clientHello, RENEGOTIATION_SCSV, usualExtensions } from '../../../codecs/protocols/tls-hello.ts';
import { type Extension, VERSIONS } from '../../../codecs/protocols/tls-wire.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { FaultError } from '../../../lib/fault.ts';
import { acceptedAt, Handshakes } from './handshakes.ts';

export interface Opened {
  readonly stream: Duplex;
  /** Version on the wire. */
  readonly version: number;
  readonly extensions: ReadonlyMap<number, Uint8Array>;
  readonly certificates: Flight['certificates'];
  /** The next record; undefined when nothing comes within `timeout` ms, `closed` when the server hung up. */
  next(timeout: number): Promise<TlsRecord | 'closed' | undefined>;
}

const WAIT = 8000;

interface Wanted {
  readonly extensions?: readonly Extension[];
  /** Which of the accepted suites are offered; all unless said. */
  readonly suites?: (code: number) => boolean;
}

/** Runs `use` on such a handshake; undefined where the endpoint takes none of the suites below TLS 1.3. */
export async function withOpened<T>(
  at: SubjectOf<'endpoint'>,
  context: ProbeContext,
  { extensions: extra = [], suites = () => true }: Wanted,
  use: (opened: Opened) => Promise<T>,
): Promise<T | undefined> {
  const classic = acceptedAt(context.facts, at)
    .filter(({ version }) => version !== 'TLSv1.3' && version !== 'SSLv3')
    .map((one) => ({ ...one, suites: one.suites.filter(suites) }))
    .find((one) => one.suites.length > 0);
  if (classic === undefined) return undefined;
  const version = VERSIONS[classic.version];
  const stream = await new Handshakes(at, context).open();
  try {
    const reader = new StreamReader(stream, { lifetime: 2 * WAIT, buffered: 512 * 1024 });
    const extensions = [...usualExtensions(version, at.host), ...extra];
    stream.write(clientHello({ version, suites: [...classic.suites, RENEGOTIATION_SCSV], extensions }));
    const flight = await readFlight(reader, { until: 'done', timeout: WAIT });
    if (flight.hello === undefined || !flight.done)
      throw new FaultError('truncated', `the first flight of the server did not come (${flight.end})`);
    return await use({
      stream,
      version,
      extensions: flight.hello.extensions,
      certificates: flight.certificates,
      next: (timeout) => nextOf(reader, timeout),
    });
  } finally {
    stream.destroy();
  }
}

async function nextOf(reader: StreamReader, timeout: number): Promise<TlsRecord | 'closed' | undefined> {
  try {
    return await readRecord(reader, timeout);
  } catch (thrown) {
    if (!(thrown instanceof FaultError)) throw thrown;
    const { kind } = thrown.fault;
    if (kind === 'timeout') return undefined;
    if (kind === 'closed' || kind === 'truncated') return 'closed';
    throw thrown;
  }
}
