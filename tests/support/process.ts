/** Starts real servers as ordinary processes on loopback, waits until they listen, and stops them by their id. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of a program, looked up in the usual folders too; undefined when this machine has none. */
export function program(name: string): string | undefined {
  const found = spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin" command -v ${name}`], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

export interface Lab {
  readonly folder: string;
  /** Starts a program; with `port`, waits until something listens there. */
  start(command: string, args: readonly string[], port?: number, env?: Record<string, string>): Promise<ChildProcess>;
  /** What a started program said so far, both streams. */
  said(child: ChildProcess): string;
  stop(): Promise<void>;
}

export function openLab(): Lab {
  const folder = mkdtempSync(join(tmpdir(), 'assay-lab-'));
  const children: ChildProcess[] = [];
  const words = new Map<ChildProcess, string>();
  return {
    folder,
    said: (child) => words.get(child) ?? '',
    start: async (command, args, port, env = {}) => {
      const child = spawn(command, args, {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      });
      children.push(child);
      const hear = (chunk: Buffer): void => {
        words.set(child, ((words.get(child) ?? '') + chunk.toString('latin1')).slice(-8192));
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      if (port !== undefined) await listening(port, child, () => words.get(child) ?? '');
      return child;
    },
    stop: async () => {
      for (const child of children) child.kill('SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A free TCP port of loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Waits until something is bound to a UDP port: Linux lists ports in hex. */
export async function bound(port: number): Promise<void> {
  const name = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  for (let tries = 0; tries < 200; tries += 1) {
    if (readFileSync('/proc/net/udp', 'utf8').includes(name)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing is bound to UDP port ${port}`);
}

async function listening(port: number, child: ChildProcess, said: () => string): Promise<void> {
  // A minute, and as long as it lives: what it takes to start is the machine's affair.
  for (let tries = 0; tries < 1200; tries += 1) {
    if (child.exitCode !== null && child.exitCode !== 0) throw new Error(`${child.spawnfile} ended: ${said()}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${child.spawnfile} does not listen on ${port}: ${said()}`);
}
