import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import * as z3 from 'zod/v3';

import { digest } from './digest.ts';
import { schemaDefinition } from './schema-definition.ts';

const of = async (schema: unknown): Promise<string> =>
  digest('schema', await schemaDefinition(schema));

interface Tree {
  readonly next?: Tree | undefined;
}
const tree: z.ZodType<Tree> = z.object({ next: z.lazy(() => tree).optional() });
const tree3: z3.ZodType<Tree> = z3.object({ next: z3.lazy(() => tree3).optional() });

const json = (maximum: number) => ({
  type: 'object',
  properties: { cents: { type: 'number', maximum } },
});

/** Schemas that are the same but for one thing. */
const PAIRS: ReadonlyArray<readonly [string, (n: number) => unknown]> = [
  ['zod 4', (n) => z.object({ cents: z.number().max(n) })],
  ['zod 4, nested', (n) => z.object({ list: z.array(z.object({ cents: z.number().max(n) })) })],
  ['zod 4, an enum', (n) => z.object({ kind: z.enum(['a', `b${n}`]) })],
  ['zod 4, a default', (n) => z.object({ cents: z.number().default(n) })],
  ['zod 4, a pattern', (n) => z.object({ id: z.string().regex(new RegExp(`^${n}$`)) })],
  ['zod 4, another field', (n) => z.object({ [`f${n}`]: z.string() })],
  [
    'zod 4, strict or not',
    (n) => (n === 1 ? z.strictObject({ a: z.string() }) : z.object({ a: z.string() })),
  ],
  ['zod 4, a date', (n) => z.object({ since: z.date().min(new Date(n * 1e6)) })],
  ['zod mini', (n) => mini.object({ cents: mini.number().check(mini.maximum(n)) })],
  ['zod 3', (n) => z3.object({ cents: z3.number().max(n) })],
  ['zod 3, nested', (n) => z3.object({ list: z3.array(z3.object({ cents: z3.number().max(n) })) })],
  ['JSON Schema', json],
  ['a schema of the AI SDK', (n) => ({ jsonSchema: json(n), validate: undefined })],
  ['a promised one', (n) => ({ jsonSchema: Promise.resolve(json(n)) })],
  ['a lazy one', (n) => () => ({ jsonSchema: json(n) })],
  ['one of a library', (n) => ({ '~standard': { vendor: 'x', version: 1 }, max: n })],
];

describe('what a schema consists of', () => {
  it.each(PAIRS)('changes with %s, and with nothing else', async (_, make) => {
    expect(await of(make(1))).toBe(await of(make(1)));
    expect(await of(make(1))).not.toBe(await of(make(2)));
  });

  it('ends where a schema holds itself', async () => {
    expect(await of(tree)).toMatch(/^sha256:/);
    expect(await of(tree3)).toMatch(/^sha256:/);
  });

  it.each([undefined, null, 5, 'text', [], () => undefined])(
    'of %s is something',
    async (schema) => {
      expect(await of(schema)).toMatch(/^sha256:/);
    },
  );
});
