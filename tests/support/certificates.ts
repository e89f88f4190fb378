/** Keys and certificates of laboratory servers, made by openssl in the laboratory's folder. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

const KINDS = {
  rsa: ['-newkey', 'rsa:2048'],
  rsa1024: ['-newkey', 'rsa:1024'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
} as const;

interface Wanted {
  readonly kind?: keyof typeof KINDS;
  /** Of the form `IP:127.0.0.1`. */
  readonly names?: string;
  readonly days?: number;
  /** A certificate that ended long ago. */
  readonly expired?: boolean;
  readonly ca?: boolean;
  readonly by?: Issued;
}

/** A maker of certificates in one folder. */
export function certificatesIn(folder: string): (name: string, wanted?: Wanted) => Issued {
  const run = (...args: readonly string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  return (name, { kind = 'rsa', names = 'IP:127.0.0.1', days = 365, expired = false, ca = false, by } = {}) => {
    const issued = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    run('req', ...KINDS[kind], '-nodes', '-keyout', issued.key, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const extensions = [`subjectAltName=${names}`, `basicConstraints=critical,CA:${ca ? 'TRUE' : 'FALSE'}`];
    const usage = ca ? ['keyUsage=keyCertSign,cRLSign,digitalSignature'] : [];
    writeFileSync(join(folder, `${name}.ext`), [...extensions, ...usage, ''].join('\n'));
    if (expired) expire(run, folder, name, issued);
    else {
      const signer =
        by === undefined ? ['-signkey', issued.key] : ['-CA', by.cert, '-CAkey', by.key, '-CAcreateserial'];
      const until = ['-days', String(days), '-extfile', `${name}.ext`];
      run('x509', '-req', '-in', `${name}.csr`, ...signer, ...until, '-out', issued.cert);
    }
    return issued;
  };
}

/** `openssl ca` alone takes dates of the past. */
function expire(run: (...args: readonly string[]) => void, folder: string, name: string, { cert, key }: Issued): void {
  writeFileSync(join(folder, `${name}.index`), '');
  writeFileSync(join(folder, `${name}.serial`), '01\n');
  const settings = [
    '[ca]',
    'default_ca=own',
    '[own]',
    `database=${name}.index`,
    `serial=${name}.serial`,
    'new_certs_dir=.',
    'default_md=sha256',
    'policy=any',
    '[any]',
    'commonName=supplied',
    '',
  ];
  writeFileSync(join(folder, `${name}.ca`), settings.join('\n'));
  const dates = ['-startdate', '20150101000000Z', '-enddate', '20160101000000Z'];
  const files = ['-in', `${name}.csr`, '-keyfile', key, '-extfile', `${name}.ext`, '-out', cert];
  run('ca', '-config', `${name}.ca`, '-batch', '-selfsign', '-notext', ...dates, ...files);
}

/** Several PEM files in one, in that order. */
export function joined(to: string, ...files: readonly string[]): string {
  writeFileSync(to, files.map((file) => readFileSync(file, 'utf8')).join(''));
  return to;
}
