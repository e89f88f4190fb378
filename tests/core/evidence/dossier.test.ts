/** A dossier comes back as it was written, and a hostile one gives one clear line. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDossier } from '../../../src/core/evidence/dossier.ts';
import { readDossier } from '../../../src/core/evidence/read.ts';
import { createRedactor } from '../../../src/core/evidence/redact.ts';
import { loadShapes } from '../../../src/core/evidence/shape.ts';
import { createEvidenceStore } from '../../../src/core/evidence/store.ts';
import { UsageError } from '../../../src/lib/fault.ts';
import { AT, DOOR, endpoint, fact, gap } from '../../support/judge.ts';

const shapes = await loadShapes([DOOR]);
const HEAD = {
  tool: { name: 'assay', version: '1' },
  target: { name: 'house', state: 'unknown' as const, devices: [{ host: '192.0.2.1' }], images: [], updates: [] },
  scope: { ports: 'default', pace: 'gentle', permissions: [], vantage: 'here' },
  gatheredAt: AT,
  inputs: [],
  gatherers: [{ id: 'net/doors', status: 'done' as const, facts: 1, ms: 3, produces: [DOOR.name] }],
};
const one = fact(DOOR, endpoint(1), { ok: true, kind: 'a' });
const hole = gap([DOOR.name], 'tcp');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-dossier-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(): void {
  const dossier = createDossier(folder, HEAD);
  dossier.fact(one);
  dossier.gap(hole);
  dossier.finish(HEAD);
}
const pipeAt = (name: string): void => {
  rmSync(at(name));
  execFileSync('mkfifo', [at(name)]);
};
const problem = (): string => {
  try {
    readDossier(folder, shapes);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { problems } = error as UsageError;
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).not.toContain('\n');
    return problems[0]?.message ?? '';
  }
  throw new Error('it was read without complaint');
};
const at = (name: string): string => join(folder, name);

test('it comes back as it was written', () => {
  write();
  const read = readDossier(folder, shapes);
  expect(read.facts).toEqual([one]);
  expect(read.gaps).toEqual([hole]);
  expect(read.head).toMatchObject({ ...HEAD, complete: true });
});

test('one that takes the place of another keeps nothing of it, and a sealed one keeps its place', () => {
  write();
  const old = join(folder, 'evidence', 'a'.repeat(64));
  const mine = join(folder, 'evidence', 'passwords.pdf');
  mkdirSync(join(folder, 'evidence'));
  for (const path of [old, mine]) writeFileSync(path, 'x');
  write();
  expect([existsSync(old), existsSync(mine)]).toEqual([false, true]);
  writeFileSync(at('seal.json'), '{}');
  expect(write).toThrow(/it is sealed/);
});

test('one that was cut short is read without its torn last line', () => {
  const dossier = createDossier(folder, HEAD);
  dossier.fact(one);
  appendFileSync(at('facts.jsonl'), '{"id":"net.do');
  const read = readDossier(folder, shapes);
  expect(read.head.complete).toBe(false);
  expect(read.facts).toEqual([one]);
});

describe('a hostile dossier gives one clear line', () => {
  const cases: readonly (readonly [string, () => void, RegExp])[] = [
    ['no head', () => unlinkSync(at('dossier.json')), /is no dossier: dossier\.json: it is not there/],
    ['no facts', () => unlinkSync(at('facts.jsonl')), /facts\.jsonl: it is not there/],
    ['no gaps', () => unlinkSync(at('gaps.jsonl')), /gaps\.jsonl: it is not there/],
    ['a pipe for a head', () => pipeAt('dossier.json'), /is no dossier: dossier\.json: it is no plain file/],
    ['a pipe for facts', () => pipeAt('facts.jsonl'), /facts\.jsonl: it is no plain file/],
    ['a head that is no JSON', () => truncateSync(at('dossier.json'), 40), /dossier\.json: it is not JSON/],
    ['a head of another kind', () => writeFileSync(at('dossier.json'), '{"schema":"x"}'), /dossier\.json: /],
    ['a broken line', () => appendFileSync(at('facts.jsonl'), '{"id":\n'), /facts\.jsonl:2: it is not JSON/],
    ['a line of another kind', () => appendFileSync(at('facts.jsonl'), '[]\n'), /facts\.jsonl:2: must be object/],
    ['an appended empty line', () => appendFileSync(at('facts.jsonl'), '\n'), /changed after it was gathered/],
    ['a torn line', () => truncateSync(at('facts.jsonl'), 30), /facts\.jsonl:1: it is not JSON/],
    ['a line without end', () => writeFileSync(at('gaps.jsonl'), 'x'.repeat(10 << 20)), /a line has more than/],
    [
      'a fact whose data was changed',
      () => {
        const changed = readFileSync(at('facts.jsonl'), 'utf8').replace('"ok":true', '"ok":false');
        writeFileSync(at('facts.jsonl'), changed);
      },
      /changed after it was gathered/,
    ],
    [
      'a fact of an unknown type',
      () => {
        const changed = readFileSync(at('facts.jsonl'), 'utf8').replaceAll('net.door', 'net.hatch');
        writeFileSync(at('facts.jsonl'), changed);
      },
      /there is no fact type 'net\.hatch'/,
    ],
    [
      'control characters in a name',
      () => writeFileSync(at('dossier.json'), JSON.stringify({ ...HEAD, schema: 'assay/dossier/1', '\u001b[2J': 1 })),
      /\\x1b\[2J|required/,
    ],
  ];
  test.each(cases)('%s', (_, spoil, words) => {
    write();
    spoil();
    expect(problem()).toMatch(words);
  });
  test('a changed fact is found even when the digest is made to fit', () => {
    const dossier = createDossier(folder, HEAD);
    dossier.fact({ ...one, data: { ok: false, kind: 'a' } });
    dossier.finish(HEAD);
    expect(problem()).toMatch(/was changed/);
  });
});

describe('evidence', () => {
  const store = () => createEvidenceStore(createRedactor(Buffer.from('salt')), at('evidence'));
  test('secrets are blacked out before the bytes are hashed', () => {
    const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEsecretsecretsecret\n-----END RSA PRIVATE KEY-----\n';
    const shadow = 'root:$6$saltsalt$0123456789abcdefghijklmnop:18000:0:99999:7:::\nmail:aZbCdEfGhIjKl:1:\n';
    const evidence = store();
    for (const text of [pem, shadow, 'Authorization: Basic YWRtaW46YWRtaW4=\r\n', 'psk="correct horse battery"']) {
      const ref = evidence.keep(Buffer.from(text), 'text/plain');
      const { size } = evidence.open(ref);
      const kept = Buffer.from(evidence.open(ref).read(0, size)).toString();
      expect(ref.redacted).toBe(true);
      expect(kept).toContain('[redacted');
      for (const secret of ['secretsecret', '0123456789abc', 'aZbCdEfGhIjKl', 'YWRtaW46', 'correct'])
        expect(kept).not.toContain(secret);
    }
  });
  test('a key without an end is blacked out to the end, and a thousand beginnings cost no time', () => {
    const redact = createRedactor(Buffer.from('salt'));
    const started = Date.now();
    const kept = redact(Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA'.repeat(20_000)), 'text/plain');
    expect(Buffer.from(kept ?? []).toString()).not.toContain('AAAA');
    expect(Date.now() - started).toBeLessThan(2000);
  });
  test('what has no secret is kept byte for byte', () => {
    const evidence = store();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const ref = evidence.keep(bytes, 'application/octet-stream', 'offset 0x40');
    expect(ref).toMatchObject({ size: 256, locator: 'offset 0x40' });
    expect(ref.redacted).toBeUndefined();
    expect([...evidence.open(ref).read(0, 256)]).toEqual([...bytes]);
  });
  test('a small piece lies in its fact whole, and is not handed out when that was changed', () => {
    const evidence = store();
    const ref = evidence.keep(Buffer.from('hello'), 'text/plain');
    expect(readdirSync(at('evidence'))).toEqual([]);
    expect(Buffer.from(evidence.open(ref).read(0, 9)).toString()).toBe('hello');
    const changed = { ...ref, excerpt: Buffer.from('jello').toString('base64') };
    expect(() => evidence.open(changed)).toThrow(/is not in the dossier/);
  });
  test('changed or missing evidence is not handed out', () => {
    const evidence = store();
    const ref = evidence.keep(Buffer.from('hello '.repeat(50)), 'text/plain');
    writeFileSync(join(at('evidence'), ref.sha256), 'jello');
    expect(() => evidence.open(ref)).toThrow(/was changed/);
    expect(() => evidence.open({ ...ref, sha256: '../../etc/passwd' })).toThrow(/is not in the dossier/);
  });
});
