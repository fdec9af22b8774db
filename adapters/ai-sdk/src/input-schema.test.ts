import { createGuard } from '@guardstile/core';
import { jsonSchema, tool, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { converse } from '../../../test/conformance/ai-sdk/conversation.ts';
import { withGuard } from './index.ts';

/** What became of a call whose arguments a hook replaces. */
async function rewritten(inputSchema: unknown, args: unknown, to: unknown) {
  const runs: unknown[] = [];
  const set = tool({
    inputSchema: inputSchema as ReturnType<typeof z.object>,
    execute: (input) => {
      runs.push(input);
      return 'set';
    },
  });
  const guard = createGuard({
    policy: () => 'allow',
    hooks: { rewrite: () => ({ args: to }) },
  });
  const tools: ToolSet = withGuard({ set }, guard);
  const messages = await converse(tools, [{ id: 'call-1', tool: 'set', args }]);
  return { runs, seen: JSON.stringify(messages.at(-2)) };
}

const number = {
  type: 'object' as const,
  properties: { level: { type: 'number' as const } },
};
const validated = jsonSchema<{ level: number }>(number, {
  validate: (value) =>
    typeof (value as { level?: unknown }).level === 'number'
      ? { success: true, value: value as { level: number } }
      : { success: false, error: new Error('the level is no number') },
});

describe('rewritten arguments', () => {
  const schemas: ReadonlyArray<[string, unknown]> = [
    ['zod', z.object({ level: z.number() })],
    ['zod with asynchronous checks', z.object({ level: z.number().refine(async () => true) })],
    ['a JSON schema with validation', validated],
    ['a lazy schema', () => validated],
    ['a schema that changes nothing more', z.object({ level: z.number().transform(Math.round) })],
  ];

  it.each(schemas)('that fit the schema reach the body: %s', async (_, schema) => {
    const { runs } = await rewritten(schema, { level: 1 }, { level: 2 });
    expect(runs).toEqual([{ level: 2 }]);
  });

  it.each(schemas)('that do not fit the schema refuse the call: %s', async (_, schema) => {
    const { runs, seen } = await rewritten(schema, { level: 1 }, { level: 'high' });
    expect(runs).toEqual([]);
    expect(seen).toContain('do not fit');
  });

  it('that the schema would change again refuse the call', async () => {
    const doubling = z.object({ level: z.number().transform((level) => level * 2) });
    const { runs, seen } = await rewritten(doubling, { level: 1 }, { level: 3 });
    expect(runs).toEqual([]);
    expect(seen).toContain('would change them again');
  });

  it('that the schema would add to refuse the call', async () => {
    const adding = z.object({ level: z.number(), unit: z.string().default('C') });
    const { runs, seen } = await rewritten(adding, { level: 1 }, { level: 3 });
    expect(runs).toEqual([]);
    expect(seen).toContain('would change them again');
  });

  it('of a tool whose schema checks nothing refuse the call', async () => {
    const { runs, seen } = await rewritten(jsonSchema(number), { level: 1 }, { level: 2 });
    expect(runs).toEqual([]);
    expect(seen).toContain('no schema that could check them');
  });
});

describe('a lazy schema', () => {
  it('is not evaluated by wrapping', () => {
    let evaluated = 0;
    const lazy = () => {
      evaluated += 1;
      return validated;
    };
    withGuard({ set: { inputSchema: lazy, execute: () => 'set' } }, () => 'allow');
    expect(evaluated).toBe(0);
  });

  it('is not evaluated by a call whose arguments nobody rewrites', async () => {
    let evaluated = 0;
    const lazy = () => {
      evaluated += 1;
      return validated;
    };
    const tools = withGuard(
      { set: { inputSchema: lazy, execute: (input: unknown) => input } },
      () => 'allow',
    );
    expect(tools.set.execute({ level: 1 })).toEqual({ level: 1 });
    expect(evaluated).toBe(0);
  });
});
