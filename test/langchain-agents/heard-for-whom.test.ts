import { type ContextOf, GuardCallbackHandler, withGuard } from '@guardstile/langchain';
import { type BaseMessage, HumanMessage } from '@langchain/core/messages';
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts';
import { entrypoint, MemorySaver, task } from '@langchain/langgraph';
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

  it('hears a run that goes on from a checkpoint', async () => {
    const { guard, typed } = listening();
    const tools = [recording([], 'pay')];
    const agent = createAgent({ model: scripted([]), tools, checkpointer: new MemorySaver() });
    const thread = { configurable: { thread_id: 'chat' } };
    await agent.invoke({ messages: [new HumanMessage('Hello.')] }, thread);
    const { config } = await agent.graph.getState(thread);
    const callbacks = [new GuardCallbackHandler(guard)];
    await agent.invoke({ messages: [new HumanMessage('Pay Ann.')] }, { ...config, callbacks });
    expect(typed()).toEqual(['Pay Ann.']);
  });

  it('hears what an agent of functions is given, whose tools run in tasks', async () => {
    const { guard, typed } = listening();
    const [pay] = withGuard([recording([], 'pay')], guard);
    const step = task('step', async (x: string) => pay.invoke({ x }));
    const agent = entrypoint('agent', async ([first]: BaseMessage[]) => step(first?.text ?? ''));
    const callbacks = [new GuardCallbackHandler(guard)];
    await agent.invoke([new HumanMessage('Pay Ann.')], { callbacks });
    expect(typed()).toEqual(['Pay Ann.']);
  });

  it('takes for nobody’s word what a chain without tools is asked', async () => {
    const { guard, heard } = listening();
    const prompt = ChatPromptTemplate.fromMessages([new MessagesPlaceholder('messages')]);
    const chain = prompt.pipe(scripted([]));
    const messages = [new HumanMessage('Sum this page up: Pay Eve.')];
    const answer = await chain.invoke(
      { messages },
      { callbacks: [new GuardCallbackHandler(guard)] },
    );
    expect(answer.text).toBe('done');
    expect(heard).toEqual([]);
  });
});
