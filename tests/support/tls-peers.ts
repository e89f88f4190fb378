/** What sslscan and nmap say of the suites of an endpoint, each as sorted `version suite`. */
import { spawn } from 'node:child_process';
import { suiteOf } from '../../src/codecs/protocols/tls-suites.ts';

/** Runs a program to its end without holding the test's own servers up. */
function output(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}

const sorted = (suites: Iterable<string>): readonly string[] => [...new Set(suites)].sort();

export async function bySslscan(port: number): Promise<readonly string[]> {
  const xml = await output('sslscan', ['--xml=-', '--no-heartbleed', `127.0.0.1:${port}`]);
  const seen: string[] = [];
  for (const [, attributes = ''] of xml.matchAll(/<cipher ([^>]*)\/>/g)) {
    const value = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
    seen.push(`${value('sslversion').replace('TLSv1.0', 'TLSv1')} ${suiteOf(Number(value('id'))).suite}`);
  }
  return sorted(seen);
}

/** nmap's names of TLS 1.3 suites are its own: `TLS_AKE_WITH_…`. */
export async function byNmap(port: number): Promise<readonly string[]> {
  const args = ['-sT', '-Pn', '-n', '-p', String(port), '--script', '+ssl-enum-ciphers', '-oX', '-', '127.0.0.1'];
  const xml = await output('nmap', args);
  const seen: string[] = [];
  let version = '';
  for (const [, key, name] of xml.matchAll(
    /<table key="((?:SSL|TLS)v[\d.]+)">|<elem key="name">(TLS_[^<]*)<\/elem>/g,
  )) {
    if (key !== undefined) version = key.replace('TLSv1.0', 'TLSv1');
    else if (name !== undefined) seen.push(`${version} ${name.replace('TLS_AKE_WITH_', 'TLS_')}`);
  }
  return sorted(seen);
}
