import { allowAll, createGuard, withGuard } from '@guardstile/ai-sdk';
import { describe, expect, it } from 'vitest';
import { shapeOf } from './shape-of.ts';
import { nothing, type Protect } from './situation.ts';
import { toolsOf } from './tools-of.ts';
import { situations } from './situations/all.ts';

const once: Protect = (tools) => withGuard(tools, allowAll());

const guards: ReadonlyArray<readonly [string, Protect]> = [
  ['allowAll()', once],
  [
    'allowAll() and somebody to ask',
    (tools) => withGuard(tools, allowAll(), { approver: () => 'deny' }),
  ],
  [
    'a function and somebody to ask',
    (tools) => withGuard(tools, () => 'allow', { approver: () => 'deny' }),
  ],
  [
    'a guard for the request',
    (tools) => withGuard(tools, createGuard({ policy: allowAll() }).with({ session: 'chat' })),
  ],
  ['two guards', (tools) => once(once(tools))],
];

// Without bodies that wait for others or for an abort, and without demands that are a guard's business.
const { results, errors, streams, kinds } = situations;

describe.each(Object.entries({ results, errors, streams, kinds }))('%s', (_, group) => {
  // What is decided at once is answered at once, in the shape that the tool itself answers in.
  it.each(group)('$name: tools keep their shape and their way to answer', async (situation) => {
    const plain = await shapeOf(nothing, toolsOf(situation));
    for (const [name, protect] of guards) {
      expect(await shapeOf(protect, toolsOf(situation)), name).toBe(plain);
    }
  });
});
