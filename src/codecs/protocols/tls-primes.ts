/** Primes of Diffie-Hellman groups that many devices share, by the first 12 bytes of the SHA-256 of the prime. */
import { createHash } from 'node:crypto';

const KNOWN: ReadonlyMap<string, string> = new Map([
  ['3cdb020b9ef298b2f3f6cf5a', 'mod_ssl 2.0 512'],
  ['f79d1db3c955a28fdeca4626', 'mod_ssl 2.2 1024'],
  ['db01e702899166da28c9bc78', 'mod_ssl 2.2 512'],
  ['bf910d9df4e0b2e76cda7443', 'mod_ssl 2.2 1024'],
  ['8ae47dca3d24e9b646400626', 'nginx 1024'],
  ['73b391ec8da33ee197aed17d', 'Java 512'],
  ['ee5483fe4b96caa10cb5b863', 'Java 768'],
  ['cc21a33dd1a3edf40bf636b5', 'Java 1024'],
  ['f26e2403f3f0794665440490', 'OpenSSL sample 512'],
  ['66d0bf38b0bdfacf2fdae33f', 'OpenSSL sample 1024'],
  ['3166ce19180005327a6059a2', 'OpenSSL sample 2048'],
  ['9e348a9471b7d123aa97071e', 'OpenSSL sample 2048'],
  ['ce7728db3aed1119a82b9f17', 'OpenSSL sample 4096'],
  ['b52ba6a3026520a6c49d37e4', 'RFC 2409 768'],
  ['3f35a3f5f6c4376a744acad4', 'RFC 2409 1024'],
  ['64fcc83ec403930bf18393db', 'RFC 3526 1536'],
  ['d66436f79bbd6b2e38c0ffbd', 'RFC 3526 2048'],
  ['48cf8b092fbce4359d9871ab', 'RFC 3526 3072'],
  ['4ee95187682bcb230ad26a95', 'RFC 3526 4096'],
  ['d1bfe6d0925ce7e4da262b62', 'RFC 3526 6144'],
  ['39ab4feab950a3128fb71acc', 'RFC 3526 8192'],
  ['44c55cfee5c075927cf682da', 'RFC 5114 1024'],
  ['bfe545862ca102ad1eeddb5f', 'RFC 5114 2048'],
  ['0b7835722cb619827610c254', 'RFC 5114 2048'],
  ['74a5cce5b6a93eb755e2f482', 'seen on many servers 1024'],
  ['196085cb4281d1ff18efaad0', 'seen on many servers 1024'],
  ['80571b97f71f89727ab0c40b', 'seen on many servers 1024'],
  ['5f856a00120eee6d6b87ef8f', 'seen on many servers 1024'],
  ['deb671287187265a5383df13', 'seen on many servers 1024'],
  ['bc19c041491e550f381d0941', 'seen on many servers 1024'],
  ['ac0ff7a415f003c6503d4c12', 'seen on many servers 1024'],
  ['2b07d24b932aa7a015c45a3f', 'seen on many servers 1024'],
  ['8523c7205704383308991516', 'seen on many servers 1024'],
  ['52d4faa53003b8349dac3e98', 'seen on many servers 1024'],
  ['6215d41bb617b390082b066d', 'SKIP 1024'],
  ['725541d91fe79bcf52e6d965', 'SKIP 2048'],
  ['d9f6f2a0adb3427cbe12b007', 'LibTomCrypt 784'],
  ['d6dcdf1380fcf5d1edae326f', 'LibTomCrypt 1040'],
  ['0ce3987be0923295e23002da', 'LibTomCrypt 1288'],
  ['362b5d25eb8b949b20a3471c', 'LibTomCrypt 1544'],
  ['22e8c3768c4947ee7f9a8e6c', 'LibTomCrypt 1792'],
  ['8bf91c38e2a92b253a362a9b', 'LibTomCrypt 2072'],
  ['8ab7986eaa2c27eb246db536', 'LibTomCrypt 3080'],
  ['a642950d9c2cdc78d1e9659e', 'LibTomCrypt 4120'],
  ['d03fdc7fe0f0d300624dd6d8', 'socat 2048'],
  ['ac10fa3c5965ca361c07b351', 'socat 1024'],
  ['486e235226a927b22b9389bf', 'HAProxy 1024'],
  ['7b6551ea6ff09bd78c24bede', 'HAProxy 2048'],
  ['a67f41cb161353e098a815bf', 'HAProxy 4096'],
  ['9cd3b7f336872f46c09428d1', 'ffdhe2048'],
  ['0eaf67db3a839156d5013494', 'ffdhe3072'],
  ['4648414224ac881b3d0dc59b', 'ffdhe4096'],
  ['227ac9066b3ddd9e193670cd', 'ffdhe6144'],
  ['770b14efaf6f049929c52311', 'ffdhe8192'],
]);

/** Whose prime it is; undefined for one that is not known to be shared. Leading zeros do not count. */
export function knownPrime(prime: Uint8Array): string | undefined {
  const first = prime.findIndex((byte) => byte !== 0);
  const digest = createHash('sha256')
    .update(prime.subarray(Math.max(first, 0)))
    .digest('hex');
  return KNOWN.get(digest.slice(0, 24));
}
