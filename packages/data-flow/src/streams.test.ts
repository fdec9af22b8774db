import * as fc from 'fast-check';
import { allowAll, type CallContext, createGuard, type FlowView, layers } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import type { DataFlowOptions } from './data-flow-options.ts';
import { createDataFlow } from './data-flow.ts';
import { flowPolicy } from './flow-policy.ts';
import { createStreamText } from './stream-text.ts';

const context: CallContext = { principal: { id: 'alice' }, session: 's1' };

/** What a stream of these chunks leaves behind. */
async function seenOf(
  chunks: readonly unknown[],
  { fails = false, ...options }: DataFlowOptions & { readonly fails?: boolean } = {},
): Promise<FlowView> {
  const dataFlow = createDataFlow(options);
  const policy = layers([
    { name: 'app', grants: allowAll() },
    {
      name: 'flow',
      restricts: flowPolicy({ tools: { list: { labels: { '[].to': 'trusted:payee' } } } }),
    },
  ]);
  const guard = createGuard({ policy, dataFlow, audit: false, context });
  const list = guard.wrap(
    'list',
    async function* () {
      yield* chunks;
      if (fails) throw new Error('broken off by mallory@evil.com');
      return 'and bob@example.com';
    },
    { facts: 'readOnly' },
  );
  try {
    for await (const chunk of list()) expect(chunk).toBeDefined();
  } catch (error) {
    expect(String(error)).toContain('broken off');
  }
  return dataFlow.session(context);
}

const origins = (flow: FlowView, value: string) =>
  flow.originOf(value).sightings.map(({ origin }) => origin);

describe('a stream', () => {
  it('is one text over the borders of its chunks', async () => {
    const flow = await seenOf(['write to mallory', '@ev', 'il.com now']);
    expect(origins(flow, 'mallory@evil.com')).toEqual(['untrusted']);
    expect(origins(flow, 'bob@example.com')).toEqual(['untrusted']);
  });

  it('whose chunks are all there is so far is its last chunk', async () => {
    const so = ['[{"to":"Ch', '[{"to":"Charlie"}', '[{"to":"Charlie"},{"to":"Dora"}]'];
    const flow = await seenOf(so);
    expect(origins(flow, 'Dora')).toEqual(['trusted:payee']);
    expect(origins(flow, '[{"to":"Ch')).toEqual([]);
  });

  it('labels structured chunks at once', async () => {
    const flow = await seenOf([[{ to: 'Charlie' }], [{ to: 'Dora' }]]);
    for (const name of ['Charlie', 'Dora']) expect(origins(flow, name)).toEqual(['trusted:payee']);
  });

  it('that breaks off is labelled as far as it came, and so is the error', async () => {
    const flow = await seenOf(['see www.ev', 'il.org'], { fails: true });
    expect(origins(flow, 'www.evil.org')).toEqual(['untrusted']);
    expect(origins(flow, 'mallory@evil.com')).toEqual(['untrusted']);
  });

  it('of more text than is kept leaves a session that knows so', async () => {
    const flow = await seenOf(
      Array.from({ length: 100 }, (_, i) => `chunk ${i} `),
      {
        maxText: 500,
      },
    );
    expect(flow.complete).toBe(false);
  });
});

it('a stream that nobody reads on is given up one day, and its session knows', async () => {
  const dataFlow = createDataFlow();
  const guard = createGuard({ policy: allowAll(), dataFlow, audit: false });
  for (let i = 0; i <= 1000; i += 1) {
    const own = guard.with({ session: `s${i}` });
    const read = own.wrap(
      'read',
      async function* () {
        yield 'some text';
      },
      { facts: 'readOnly' },
    );
    await read().next();
  }
  const [first, last] = [0, 1000].map((i) => dataFlow.session({ session: `s${i}` }));
  expect(await first).toMatchObject({ complete: false });
  expect(await last).toMatchObject({ complete: true });
});

describe('the text of a stream', () => {
  const chunks = fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 20 });

  it('is its chunks joined, unless each begins with the one before', () => {
    fc.assert(
      fc.property(chunks, (all) => {
        const text = createStreamText(10_000);
        for (const chunk of all) text.push(chunk);
        const grows = all.every((chunk, i) => chunk.startsWith(all[i - 1] ?? ''));
        expect(text.whole()).toBe(grows ? (all.at(-1) ?? '') : all.join(''));
      }),
    );
  });

  it('is the last chunk of those that grow, in the memory of that one', () => {
    const text = createStreamText(1000);
    for (let i = 1; i <= 900; i += 1) text.push('x'.repeat(i));
    expect(text.whole()).toBe('x'.repeat(900));
  });

  it('is not kept beyond the cap, whatever the chunks are', () => {
    for (const chunk of ['a', 'abcdefghij', '']) {
      const text = createStreamText(1000);
      for (let i = 0; i < 10_000; i += 1) text.push(`${i % 7}${chunk}`);
      expect(text.whole()).toBeUndefined();
    }
  });
});
