/** Runs the command line in this process, with streams that remember. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/main.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function assay(argv: readonly string[], signal = new AbortController().signal): Promise<Said> {
  let out = '';
  let err = '';
  const io = {
    out: (bytes: string | Uint8Array) => {
      out += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8');
    },
    err: (text: string) => {
      err += text;
    },
    outIsTerminal: false,
    errIsTerminal: false,
    columns: 80,
    colour: false,
  };
  const code = await main(argv, io, signal);
  return { code, out, err };
}

export interface Desk {
  readonly folder: string;
  file(name: string, content: string | Uint8Array): string;
  path(name: string): string;
  clear(): void;
}

/** A folder of its own. */
export function desk(): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'assay-cli-'));
  const path = (name: string): string => join(folder, name);
  return {
    folder,
    path,
    file(name, content) {
      writeFileSync(path(name), content);
      return path(name);
    },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}
