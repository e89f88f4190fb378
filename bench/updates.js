/** Verifying large updates beside the tools that do: a plain RAUC bundle, a SWUpdate archive and a verity bundle. Needs a build. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { has, race, tell, timed, workshop } from './support.js';

const MIB = 2 ** 20;
const SIZE = 256;
const LIMIT = 1.5;
const MOST_MEMORY = 200;

const needed = ['rauc', 'openssl', 'cpio', 'mksquashfs'].filter((tool) => !has(tool));
if (needed.length > 0) {
  console.log(`skipped: ${needed.join(', ')} not found`);
  process.exit(0);
}

const place = workshop();
try {
  const sh = (script) =>
    execFileSync('bash', ['-e', '-c', script], { cwd: place.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const path = (name) => join(place.folder, name);
  // Bytes that no packer makes smaller.
  mkdirSync(path('plain'));
  const image = openSync(path('plain/rootfs.img'), 'w');
  for (let at = 0, seed = createHash('sha256').update('bench').digest(); at < SIZE; at++) {
    const block = Buffer.alloc(MIB);
    for (let into = 0; into < MIB; into += 32) {
      seed = createHash('sha256').update(seed).digest();
      seed.copy(block, into);
    }
    writeSync(image, block);
  }
  closeSync(image);
  const manifest = (form) =>
    `[update]\ncompatible=Board\nversion=1\n[bundle]\nformat=${form}\n[image.rootfs]\nfilename=rootfs.img\n`;
  writeFileSync(path('plain/manifest.raucm'), manifest('plain'));
  sh(`openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 30 -subj /CN=bench
    rauc bundle --cert c.pem --key k.pem --mksquashfs-args='-comp gzip -noI -noD -noF' plain plain.raucb
    printf '%s' '${manifest('verity')}' > plain/manifest.raucm
    rauc bundle --cert c.pem --key k.pem --mksquashfs-args='-comp gzip -noI -noD -noF' plain verity.raucb
    cp plain/rootfs.img . ; printf 'software = { version = "1"; images: ( { filename = "rootfs.img"; device = "/dev/x"; sha256 = "%s"; } ); };\\n' "$(sha256sum rootfs.img | cut -c1-64)" > sw-description
    openssl cms -sign -in sw-description -signer c.pem -inkey k.pem -outform DER -nosmimecap -binary -out sw-description.sig
    printf '%s\\n' sw-description sw-description.sig rootfs.img | cpio -o -H newc > update.swu; rm rootfs.img; rm -r plain`);
  const ours = (name) => () =>
    timed(process.execPath, ['bin/assay.js', 'verify-update', path(name), '--key', path('c.pem')]);
  const digest = (name) => () => timed('openssl', ['dgst', '-sha256', path(name)]);
  const size = (name) => `${(statSync(path(name)).size / MIB).toFixed(0)} MiB`;
  const runs = [
    ['plain.raucb', 'rauc info', () => timed('rauc', ['--keyring', path('c.pem'), 'info', path('plain.raucb')])],
    ['update.swu', 'openssl dgst -sha256', digest('update.swu')],
    ['verity.raucb', 'openssl dgst -sha256', digest('verity.raucb')],
  ];
  for (const [name, peer, run] of runs) {
    const results = race(3, { 'assay verify-update': ours(name), [peer]: run });
    tell(`${name} (${size(name)})`, results, { [peer]: LIMIT });
    const { mib } = results['assay verify-update'];
    console.log(`  memory: ${mib} MiB  (at most ${MOST_MEMORY}: ${mib <= MOST_MEMORY ? 'held' : 'NOT held'})`);
  }
} finally {
  place.close();
}
