/** Lists of revoked certificates beside the authorities: revoked, not revoked, another's list, one that has ended, one that is broken. */

import { sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTrustedKeys } from '../../../src/cli/trusted-key.ts';
import { readCrl } from '../../../src/codecs/formats/crl.ts';
import type { TrustedKey } from '../../../src/core/model/verifier.ts';
import { FaultError } from '../../../src/lib/fault.ts';
import { ecPair, filler, rsaPair } from '../../support/signers.ts';
import {
  certificate,
  cms,
  der,
  type Issued,
  integer,
  oid,
  sequence,
  set,
  signatureAlgorithm,
} from '../../support/signers-cms.ts';
import { judge } from '../../support/updates.ts';

const file = filler(900);
const authority = certificate('authority', rsaPair(), { authority: true });
const middle = certificate('middle', ecPair(), { by: authority, authority: true, serial: 77 });
const signer = certificate('signer', ecPair(), { by: middle, serial: 300 });
const companions = { '.p7s': cms(file, signer, { chain: [middle] }) };
const time = (iso: string): Buffer => der(0x18, Buffer.from(`${iso.replaceAll('-', '')}000000Z`));

function list(by: Issued, serials: readonly number[], until = '2060-01-01', forged = false): TrustedKey {
  const algorithm = signatureAlgorithm(by.pair.secret, 'sha256');
  const entries = serials.map((serial) => sequence(integer(serial), time('2026-01-01')));
  const name = sequence(set(sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(by.name)))));
  const body = sequence(
    integer(1),
    algorithm,
    name,
    time('2026-01-01'),
    time(until),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  );
  const signature = sign('sha256', body, (forged ? ecPair() : by.pair).secret);
  const bytes = sequence(body, algorithm, der(3, Buffer.from([0]), signature));
  return { name: 'list.crl', kind: 'crl', bytes: new Uint8Array(bytes) };
}

test.each<readonly [string, readonly TrustedKey[], number, RegExp]>([
  ['no list', [], 0, /chains/],
  ['an empty list', [list(middle, [])], 0, /chains/],
  ['others on it', [list(middle, [299, 301]), list(authority, [300])], 0, /chains/],
  ['the signer on it', [list(middle, [5, 300])], 1, /revoked/],
  ['its issuer on it', [list(authority, [77])], 1, /revoked/],
  ['the signer on a list of somebody else', [list(middle, [300], '2060-01-01', true)], 0, /chains/],
  ['a list that has ended', [list(middle, [], '2026-02-01')], 1, /ended/],
  ['one that has ended beside one that has not', [list(middle, [], '2026-02-01'), list(middle, [])], 0, /chains/],
])('a signer by an intermediate, with %s', async (_what, lists, code, message) => {
  const judged = await judge(file, { keys: [authority.trusted, ...lists], companions });
  expect(judged.code).toBe(code);
  expect(judged.verdicts[0]!.signatures[0]!.message).toMatch(message);
});

test('every cut and every changed byte of a list is read or is malformed', () => {
  const { bytes } = list(middle, [5, 300]);
  for (let at = 0; at < bytes.length; at++)
    for (const hostile of [bytes.subarray(0, at), Buffer.from(bytes).fill(bytes[at]! ^ 0xff, at, at + 1)])
      try {
        readCrl(hostile);
      } catch (error) {
        expect(error).toBeInstanceOf(FaultError);
      }
});

test('a key file holds certificates and lists, as keyrings do; a broken list is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-crl-'));
  const pem = (label: string, bytes: Uint8Array): string =>
    `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;
  const path = join(folder, 'ring.pem');
  writeFileSync(path, pem('CERTIFICATE', authority.bytes) + pem('X509 CRL', list(authority, [77]).bytes));
  expect(readTrustedKeys(path).map(({ kind }) => kind)).toEqual(['certificate', 'crl']);
  writeFileSync(path, pem('CERTIFICATE', authority.bytes) + pem('X509 CRL', filler(30)));
  expect(() => readTrustedKeys(path)).toThrow(/ring\.pem/);
  rmSync(folder, { recursive: true });
});
