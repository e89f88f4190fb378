/** Asks one question over a datagram port and gathers what comes back within a time. */

/** The part of a datagram port that is needed here. */
export interface DatagramExchange {
  send(bytes: Uint8Array): Promise<void>;
  receive(timeout: number): Promise<Uint8Array | undefined>;
}

export interface AskOptions {
  /** Milliseconds for each try. */
  readonly window?: number;
  readonly tries?: number;
  /** Answers after which no more is waited for. */
  readonly enough?: number;
}

/** Datagrams that `accept`, after the question was sent up to twice; empty when nobody answered. */
export async function askDatagrams(
  port: DatagramExchange,
  question: Uint8Array,
  accept: (bytes: Uint8Array) => boolean,
  { window = 700, tries = 2, enough = 1 }: AskOptions = {},
): Promise<readonly Uint8Array[]> {
  const answers: Uint8Array[] = [];
  for (let round = 0; round < tries && answers.length === 0; round += 1) {
    await port.send(question);
    const end = Date.now() + window;
    for (let left = window; left > 0 && answers.length < enough; left = end - Date.now()) {
      const bytes = await port.receive(left);
      if (bytes === undefined) break;
      if (accept(bytes)) answers.push(bytes);
    }
  }
  return answers;
}

/** Whether `read` makes sense of the bytes: parsers throw on what is not theirs. */
export function reads<T>(read: (bytes: Uint8Array) => T | undefined, bytes: Uint8Array): T | undefined {
  try {
    return read(bytes);
  } catch {
    return undefined;
  }
}
