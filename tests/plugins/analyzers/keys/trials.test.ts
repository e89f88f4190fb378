/** Certificates that libraries for TLS carry for their own trials, by names; the certificates are made by openssl. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keysCertificates } from '../../../../src/plugins/analyzers/keys/certificates.ts';
import { analyze } from '../../../support/analyze.ts';

/** Authorities of one maker, made by openssl. */
function authoritiesOf(maker: string, count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-trials-'));
  try {
    return Array.from({ length: count }, (_, nth) => {
      const subject = `/O=${maker}/CN=${maker} Test CA ${nth}`;
      const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'k.pem'];
      spawnSync('openssl', ['req', '-x509', ...options, '-subj', subject, '-out', 'c.pem'], { cwd: folder });
      return readFileSync(join(folder, 'c.pem'), 'utf8');
    }).join('\0');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('what a library for TLS carries for its own trials is no authority that a program trusts; in a bundle it is', async () => {
  const trials = authoritiesOf('PolarSSL', 6);
  const own = authoritiesOf('Vendor', 6);
  const inProgram = await analyze([keysCertificates], { '/usr/bin/cloud': `\x7fELF\0${trials}\0${own}` });
  expect(inProgram.of('key.certificate').map((one) => one['place'])).toEqual(Array(6).fill('library'));
  expect(inProgram.of('key.trust-store')).toMatchObject([
    { certificates: 6, testAuthority: expect.stringContaining('Vendor') as string },
  ]);
  const inBundle = await analyze([keysCertificates], { '/etc/cloud/ca.pem': trials });
  expect(inBundle.of('key.trust-store')).toMatchObject([{ certificates: 6 }]);
});
