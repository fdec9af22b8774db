import { type ContextOf, GuardCallbackHandler } from '@guardstile/langchain';
import { HumanMessage } from '@langchain/core/messages';
import { createAgent } from 'langchain';
import { describe, expect, it } from 'vitest';

import { recording, scripted } from './agents.ts';
import { listening } from './listening.ts';

const ofRun: ContextOf = ({ metadata }) => ({ principal: { id: String(metadata?.['user']) } });

async function heardOf(context: ContextOf, bound: string | undefined, user: string) {
  const { guard, heard } = listening(
    bound === undefined ? {} : { context: { principal: { id: bound } } },
  );
  const agent = createAgent({ model: scripted([]), tools: [recording([], 'pay')] });
  await agent.invoke(
    { messages: [new HumanMessage(`Pay ${user}.`)] },
    { metadata: { user }, callbacks: [new GuardCallbackHandler(guard, { context })] },
  );
  return heard.map(({ context: { principal }, turns }) => [principal?.id, turns]);
}

describe('a handler that hears what a run was started with', () => {
  it.each([undefined, 'ann'])('takes it for the word of whom the run is for: %s', async (bound) => {
    const turns = [{ role: 'user', text: 'Pay ann.' }];
    expect(await heardOf(ofRun, bound, 'ann')).toEqual([['ann', turns]]);
  });

  it('takes it for the word of nobody where the run is for somebody else than the guard', async () => {
    expect(await heardOf(ofRun, 'ann', 'eve')).toEqual([]);
  });

  it('takes it for the word of nobody where nobody can tell for whom the run is', async () => {
    const failing: ContextOf = () => {
      throw new Error('no session');
    };
    expect(await heardOf(failing, undefined, 'eve')).toEqual([]);
    expect(await heardOf(failing, 'ann', 'eve')).toEqual([]);
  });
});
