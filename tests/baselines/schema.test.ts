/** The schema of checks knows every fact and keyword, so that an editor completes them: `npx vitest run tests/baselines/schema.test.ts -u` writes it anew. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { words } from '../support/library.ts';

type Json = { [key: string]: unknown };
const PATH = 'baselines/schema/checks.schema.json';
const names = words.facts.map(({ name }) => name).sort((a, b) => (a < b ? -1 : 1));
const keywords = words.keywords.toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Where a quantifier names its fact: any name of the right form, and those that there are to choose from. */
function withFacts(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withFacts);
  if (typeof part !== 'object' || part === null) return part;
  const entries = Object.entries(part).map(([key, value]): [string, unknown] => {
    const quantifier = ['every', 'some', 'none', 'count'].includes(key) && typeof value === 'object';
    return [key, quantifier ? { $ref: '#/definitions/fact' } : withFacts(value)];
  });
  return Object.fromEntries(entries);
}

const fact: Json = {
  description: 'Name of a fact, such as tls.protocol (assay list facts).',
  anyOf: [{ enum: names }, { type: 'string', pattern: '^[a-z0-9-]+(\\.[a-z0-9-]+)+$' }],
};

/** Words of JSON Schema stay as they are; those of the keyword registry follow, with their operands. */
function withKeywords(schema: Json): Json {
  const { definitions } = schema as { definitions: { member: { then: { properties: Json } } } };
  const { properties } = definitions.member.then;
  const own = new Set(words.keywords.map(({ name }) => name));
  const plain = Object.entries(properties).filter(([name, value]) => !own.has(name) && !isKeyword(value as Json));
  const listed = keywords.map(({ name, title, operand }): [string, unknown] => [
    name,
    { description: `Keyword: ${title} …`, anyOf: [operand, { $ref: '#/definitions/parameter' }] },
  ]);
  const then = { ...definitions.member.then, properties: Object.fromEntries([...plain, ...listed]) };
  return { ...schema, definitions: { ...definitions, fact, member: { ...definitions.member, then } } };
}

const isKeyword = ({ description }: Json): boolean => String(description).startsWith('Keyword: ');

test('the schema of checks lists every fact and every keyword', async () => {
  const schema = JSON.parse(readFileSync(PATH, 'utf8')) as Json;
  const whole = withKeywords(withFacts(schema) as Json);
  await expect(`${JSON.stringify(whole, null, 2)}\n`).toMatchFileSnapshot(`../../${PATH}`);
  const text = JSON.stringify(whole);
  for (const name of ['tls.protocol', 'agreement.trusted-key', 'tlsAtLeast', 'listedIn'])
    expect(text).toContain(`"${name}"`);
});
