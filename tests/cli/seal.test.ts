/** Proves the seal: whatever is changed, added, removed or renamed is told by name, other keys fail, and wrong kinds of keys are one line. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSealTrust, trustedKeyFor } from '../../src/cli/seal-keys.ts';
import { keyId, openSeal, preAuthenticated, seal } from '../../src/core/evidence/seal.ts';
import { assay, desk } from '../support/cli.ts';

const on = desk();
afterAll(on.clear);

const pem = (key: KeyObject): string =>
  String(key.export(key.type === 'private' ? { format: 'pem', type: 'pkcs8' } : { format: 'pem', type: 'spki' }));
const pair = (name: string, keys: { privateKey: KeyObject; publicKey: KeyObject }) => ({
  secret: on.file(`${name}.key`, pem(keys.privateKey)),
  public: on.file(`${name}.pub`, pem(keys.publicKey)),
});
const ed = pair('ed', generateKeyPairSync('ed25519'));
const ec = pair('ec', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const other = pair('other', generateKeyPairSync('ed25519'));

const BASELINE = ['--baseline', 'uk-psti'];
const dossier = on.path('dossier');
const sealed = on.path('sealed');
let names: readonly string[] = [];

beforeAll(async () => {
  const said = await assay(['gather', 'fixtures/demo/insecure.bin', '--out', dossier, '--quiet', ...BASELINE]);
  expect(said.code, said.err).toBeLessThan(4);
  writeFileSync(join(dossier, 'evidence', 'a'.repeat(64)), 'some evidence');
  cpSync(dossier, sealed, { recursive: true });
  expect(await assay(['seal', sealed, '--key', ed.secret, ...BASELINE])).toMatchObject({ code: 0, err: '' });
  names = readdirSync(sealed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(sealed.length + 1))
    .sort();
}, 180_000);

const verify = (folder: string, key = ed.public) => assay(['verify', folder, '--key', key]);
/** A copy of the sealed dossier, changed. */
async function changed<T>(change: (folder: string) => void, then: (folder: string) => Promise<T>): Promise<T> {
  const folder = on.path(`copy-${Math.random().toString(36).slice(2)}`);
  cpSync(sealed, folder, { recursive: true });
  change(folder);
  try {
    return await then(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('an untouched dossier verifies, and is judged to the same report', async () => {
  const said = await verify(sealed);
  expect(said.out).toMatch(/verified\n {2}\d+ files as sealed\n {2}judged fail by uk-psti@2023/);
  expect(said.code).toBe(0);
  expect(names).toContain('seal.json');
});

test('any changed byte in any file fails and says where', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, at, by) => {
      const name = names[which % names.length] ?? '';
      const said = await changed((folder) => {
        const bytes = readFileSync(join(folder, name));
        const place = at % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ by;
        writeFileSync(join(folder, name), bytes);
      }, verify);
      expect(said.code, `${name} ${at}`).toBe(1);
      expect(said.out).toContain(name);
    }),
    { numRuns: 120 },
  );
}, 60_000);

test('every file counts: changed in a byte, cut, emptied or removed it is told by name', {
  timeout: 120_000,
}, async () => {
  // Everything that a dossier is made of is among them.
  for (const name of ['dossier.json', 'facts.jsonl', 'gaps.jsonl', 'files.jsonl', 'seal.json'])
    expect(names).toContain(name);
  expect(names.filter((name) => name.startsWith('evidence/')).length).toBeGreaterThan(0);
  for (const name of names) {
    const changes: readonly ((path: string, bytes: Buffer) => void)[] = [
      (path, bytes) => writeFileSync(path, Buffer.concat([Buffer.from([(bytes[0] ?? 0) ^ 1]), bytes.subarray(1)])),
      (path, bytes) => writeFileSync(path, bytes.subarray(0, -1)),
      (path) => writeFileSync(path, ''),
      (path) => rmSync(path),
    ];
    for (const [at, change] of changes.entries()) {
      const said = await changed((folder) => change(join(folder, name), readFileSync(join(folder, name))), verify);
      expect([name, at, said.code]).toEqual([name, at, 1]);
      expect(said.out, `${name}, change ${at}`).toContain(name);
    }
  }
});

test('every byte of a small seal counts', () => {
  const keys = generateKeyPairSync('ed25519');
  const said = { baselines: ['x'], outcome: 'fail', assessedAt: '2026', sha256: '0', rules: '0' };
  const text = seal(
    new Map([['facts.jsonl', 'a'.repeat(64)]]),
    { tool: { name: 'assay', version: '1' }, sealedAt: '2026', report: said, certificates: [] },
    keys.privateKey,
  );
  const holds = (one: string): boolean => {
    const opened = openSeal(one);
    return typeof opened !== 'string' && opened.by(keys.publicKey);
  };
  expect(holds(text)).toBe(true);
  for (let at = 0; at < text.length; at += 1) {
    for (const by of [1, 2, 0x20]) {
      const bytes = Buffer.from(text);
      bytes[at] = (bytes[at] ?? 0) ^ by;
      expect(holds(bytes.toString('utf8')), `byte ${at}`).toBe(false);
    }
    expect(holds(text.slice(0, at)), `cut at ${at}`).toBe(false);
  }
  for (const more of [' ', '\n', '{}', '\0']) expect(holds(text + more)).toBe(false);
});

describe('a dossier that holds other files', () => {
  test.each<[string, (folder: string) => void, RegExp]>([
    ['removed', (folder) => rmSync(join(folder, 'gaps.jsonl')), /removed: gaps\.jsonl/],
    ['removed evidence', (folder) => rmSync(join(folder, 'evidence', 'a'.repeat(64))), /removed: evidence\/a{64}/],
    ['added', (folder) => writeFileSync(join(folder, 'note.txt'), 'x'), /added: note\.txt/],
    ['added evidence', (folder) => writeFileSync(join(folder, 'evidence', 'b'), ''), /added: evidence\/b/],
    ['an added folder', (folder) => mkdirSync(join(folder, 'more')), /added: more\//],
    ['a link', (folder) => symlinkSync('facts.jsonl', join(folder, 'link')), /added: link/],
    [
      'renamed',
      (folder) => renameSync(join(folder, 'evidence', 'a'.repeat(64)), join(folder, 'evidence', 'c')),
      /renamed: evidence\/a{64} to evidence\/c/,
    ],
    [
      'appended to',
      (folder) => writeFileSync(join(folder, 'facts.jsonl'), '\n', { flag: 'a' }),
      /changed: facts\.jsonl/,
    ],
    [
      'sealed by what is no file',
      (folder) => {
        rmSync(join(folder, 'seal.json'));
        symlinkSync('/dev/zero', join(folder, 'seal.json'));
      },
      /seal\.json is no plain file/,
    ],
    ['unsealed', (folder) => rmSync(join(folder, 'seal.json')), /not sealed: there is no seal\.json/],
  ])('%s', async (_, change, why) => {
    const said = await changed(change, verify);
    expect(said.out).toMatch(why);
    expect(said.code).toBe(1);
  });
});

describe('an envelope that was tampered with', () => {
  const edit = (change: (text: string) => string) => (folder: string) =>
    writeFileSync(join(folder, 'seal.json'), change(readFileSync(join(folder, 'seal.json'), 'utf8')));
  test.each<[string, (text: string) => string]>([
    ['another payload type', (text) => text.replace('application/vnd.in-toto+json', 'application/json')],
    ['trailing data', (text) => `${text}{}`],
    ['a trailing space', (text) => `${text} `],
    ['a duplicate key', (text) => text.replace('"payload":', '"payload": "x",\n  "payload":')],
    ['a further member', (text) => text.replace('"payload":', '"more": 1,\n  "payload":')],
    ['no signature', (text) => JSON.stringify({ ...(JSON.parse(text) as object), signatures: [] })],
    ['two signatures', (text) => text.replace(/("signatures": \[)([^\]]*)(\])/, '$1$2,$2$3')],
    ['no JSON', () => 'x'],
    ['an empty file', () => ''],
  ])('%s', async (_, change) => {
    const said = await changed(edit(change), verify);
    expect(said.code).toBe(1);
    expect(said.out).toContain('seal.json');
  });
});

test('another key does not verify, nor does a dossier sealed anew by somebody else', async () => {
  expect(await verify(sealed, other.public)).toMatchObject({
    code: 1,
    out: expect.stringContaining('seal.json: it was made with another key'),
  });
  const said = await changed(
    (folder) => rmSync(join(folder, 'seal.json')),
    async (folder) => {
      expect((await assay(['seal', folder, '--key', other.secret, ...BASELINE])).code).toBe(0);
      return verify(folder);
    },
  );
  expect(said.code).toBe(1);
});

test('ECDSA P-256 seals too, and verifies with the certificate of the key or of an authority above it', async () => {
  const run = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: on.folder, stdio: 'pipe' });
  const hasOpenssl = (() => {
    try {
      run('version');
      return true;
    } catch {
      return false;
    }
  })();
  const folder = on.path('by-ec');
  cpSync(dossier, folder, { recursive: true });
  if (!hasOpenssl) {
    expect((await assay(['seal', folder, '--key', ec.secret, ...BASELINE])).code).toBe(0);
    expect((await verify(folder, ec.public)).code).toBe(0);
    return;
  }
  const authority = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  run('req', ...authority, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Maker CA');
  run('req', ...authority, '-keyout', 'ca2.key', '-out', 'ca2.pem', '-subj', '/CN=Maker CA');
  run('req', '-new', '-key', ec.secret, '-out', 'ec.csr', '-subj', '/CN=Release');
  run(
    'x509',
    '-req',
    '-in',
    'ec.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '20',
    '-out',
    'ec.pem',
  );
  const said = await assay(['seal', folder, '--key', ec.secret, '--certificate', on.path('ec.pem'), ...BASELINE]);
  expect(said.code, said.err).toBe(0);
  for (const key of [ec.public, on.path('ec.pem'), on.path('ca.pem')]) {
    const verdict = await verify(folder, key);
    expect(verdict.code, verdict.out).toBe(0);
    expect(verdict.out).toContain('by CN=Release');
  }
  const wrong = await verify(folder, on.path('ca2.pem'));
  expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining('not issued by the given one') });
  const foreign = await assay(['seal', dossier, '--key', ed.secret, '--certificate', on.path('ec.pem'), ...BASELINE]);
  expect(foreign).toMatchObject({ code: 2, err: expect.stringContaining('is of another key') });
}, 30_000);

test('a chain with an intermediate leads to its anchor; what is not for this, or not now, is told', async () => {
  const run = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: on.folder, stdio: 'pipe' });
  try {
    run('version');
  } catch {
    return;
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  run('req', '-x509', ...key, '-days', '30', '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=Root');
  run('req', '-new', ...key, '-keyout', 'mid.key', '-out', 'mid.csr', '-subj', '/CN=Middle');
  run('req', '-new', '-key', ec.secret, '-out', 'leaf.csr', '-subj', '/CN=Signer');
  const issue = (csr: string, by: string, out: string, extensions: string, ...more: readonly string[]): void => {
    on.file(`${out}.ext`, extensions);
    const dated = more.length > 0 ? more : ['-days', '20'];
    run(
      'x509',
      '-req',
      '-in',
      csr,
      '-CA',
      `${by}.pem`,
      '-CAkey',
      `${by}.key`,
      '-CAcreateserial',
      '-extfile',
      `${out}.ext`,
      ...dated,
      '-out',
      `${out}.pem`,
    );
  };
  const authority = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,';
  issue('mid.csr', 'root', 'mid', `${authority}keyCertSign`);
  issue('leaf.csr', 'mid', 'leaf', 'keyUsage=critical,digitalSignature');
  issue('leaf.csr', 'mid', 'unfit', 'keyUsage=critical,keyAgreement');
  issue('leaf.csr', 'mid', 'late', 'keyUsage=critical,digitalSignature', '-days', '-1');
  const chain = (...names: readonly string[]): string =>
    on.file(`${names.join('-')}.chain`, names.map((name) => readFileSync(on.path(`${name}.pem`), 'utf8')).join(''));
  const folder = on.path('by-chain');
  cpSync(dossier, folder, { recursive: true });
  const sealing = (certificate: string) =>
    assay(['seal', folder, '--key', ec.secret, '--certificate', certificate, ...BASELINE]);
  expect(await sealing(chain('unfit', 'mid'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('a certificate is not for signatures: CN=Signer'),
  });
  expect(await sealing(chain('late', 'mid'))).toMatchObject({ code: 2, err: expect.stringContaining('valid until') });
  expect(await sealing(chain('leaf', 'mid'))).toMatchObject({ code: 0 });
  const verdict = await verify(folder, on.path('root.pem'));
  expect(verdict.code, verdict.out).toBe(0);
  expect(verdict.out).toContain('by CN=Signer');
  expect((await verify(folder, on.path('mid.pem'))).code).toBe(0);

  const statement = { tool: { name: 'assay', version: '1' }, sealedAt: new Date().toISOString() };
  const envelope = (...names: readonly string[]): readonly string[] =>
    names.map((name) => new X509Certificate(readFileSync(on.path(`${name}.pem`))).raw.toString('base64'));
  const trust = readSealTrust(on.path('root.pem'));
  const told = (names: readonly string[], at = statement.sealedAt) =>
    trustedKeyFor(trust, envelope(...names), keyId(createPublicKey(readFileSync(ec.public))), at);
  expect(told(['leaf', 'mid'])).toMatchObject({ signer: 'CN=Signer' });
  expect(told(['unfit', 'mid'])).toBe('a certificate is not for signatures: CN=Signer');
  expect(told(['late', 'mid'])).toMatch(/^a certificate was not valid when it was sealed \(valid until/);
  expect(told(['leaf', 'mid'], '2020-01-01T00:00:00Z')).toMatch(/not valid before/);
  expect(told(['leaf'])).toBe('its certificate was not issued by the given one: CN=Signer');
  // An authority that may not issue: its certificate says what its key is for.
  issue('mid.csr', 'root', 'mid', `${authority}digitalSignature`);
  expect(told(['leaf', 'mid'])).toBe('a certificate is not for issuing others: CN=Middle');
}, 120_000);

describe('keys that do not seal are one clear line and exit code 2', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const locked = String(
    createPrivateKey(readFileSync(ed.secret)).export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    }),
  );
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  test.each([
    ['RSA', on.file('rsa.key', pem(rsa.privateKey)), /this is a key of RSA/],
    ['P-384', on.file('p384.key', pem(p384.privateKey)), /ECDSA on secp384r1/],
    ['encrypted', on.file('locked.key', locked), /the key is encrypted/],
    ['public', ed.public, /this is a public key/],
    ['empty', on.file('empty.key', ''), /no private key/],
    [
      'broken',
      on.file('broken.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
      /cannot be read/,
    ],
    ['absent', on.path('none.key'), /no such file/],
  ])('%s', async (_, key, why) => {
    const said = await assay(['seal', dossier, '--key', key, ...BASELINE]);
    expect(said.code).toBe(2);
    expect(said.err).toMatch(why);
    expect(said.err.trim().split('\n').length).toBeLessThanOrEqual(2);
  });

  test('a private key or one of RSA verifies nothing', async () => {
    expect(await verify(sealed, ed.secret)).toMatchObject({ code: 2, err: expect.stringContaining('a private key') });
    expect((await verify(sealed, on.file('rsa.pub', pem(rsa.publicKey)))).code).toBe(2);
    expect((await assay(['verify', sealed])).code).toBe(2);
    expect((await verify(on.path('nowhere'))).code).toBe(2);
  });
});

test('a dossier is sealed once', async () => {
  const said = await assay(['seal', sealed, '--key', ed.secret, ...BASELINE]);
  expect(said).toMatchObject({ code: 2, err: expect.stringContaining('sealed already') });
});

test('a sealed report that these facts do not give is told', async () => {
  const said = await changed((folder) => {
    const opened = openSeal(readFileSync(join(folder, 'seal.json'), 'utf8'));
    if (typeof opened === 'string') throw new Error(opened);
    const { files, sealed: was } = opened.statement;
    const report = { ...was.report, outcome: 'pass', sha256: '0'.repeat(64) };
    const key = createPrivateKey(readFileSync(ed.secret));
    writeFileSync(join(folder, 'seal.json'), seal(files, { ...was, report }, key));
  }, verify);
  expect(said).toMatchObject({ code: 1, out: expect.stringContaining('judged again it gives another report') });
});

test('a dossier judged by other rules is unchanged, and not judged again', async () => {
  const said = await changed((folder) => {
    const opened = openSeal(readFileSync(join(folder, 'seal.json'), 'utf8'));
    if (typeof opened === 'string') throw new Error(opened);
    const { files, sealed: was } = opened.statement;
    const report = { ...was.report, rules: '1'.repeat(64), sha256: '0'.repeat(64) };
    writeFileSync(
      join(folder, 'seal.json'),
      seal(files, { ...was, report }, createPrivateKey(readFileSync(ed.secret))),
    );
  }, verify);
  expect(said).toMatchObject({ code: 3, out: expect.stringContaining('by other rules') });
});

test('the pre-authentication encoding is that of the DSSE protocol', () => {
  expect(preAuthenticated(Buffer.from('hello')).toString()).toBe('DSSEv1 28 application/vnd.in-toto+json 5 hello');
});
