import { createGuard, memoryApprovals } from '@guardstile/langchain';
import { guardMiddleware } from '@guardstile/langchain/middleware';
import { Command, interrupt, MemorySaver } from '@langchain/langgraph';
import { createAgent, tool } from 'langchain';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { agentWith, approve, byName, type Ran, scripted, turn } from './agents.ts';
import { attacksOn } from './attacks.ts';

attacksOn(agentWith);

describe('an approval', () => {
  it('starts its call once, although that suspends itself', async () => {
    const ran: Ran = [];
    const suspends = tool(
      ({ x }) => {
        ran.push(`pay ${x}`);
        return String(interrupt('well?'));
      },
      { name: 'pay', description: 'pays', schema: z.object({ x: z.string() }) },
    );
    const agent = createAgent({
      model: scripted([['pay', '1']]),
      tools: [suspends],
      middleware: [guardMiddleware(createGuard({ policy: byName }))],
      checkpointer: new MemorySaver(),
    });
    const config = { configurable: { thread_id: 'thread' } };
    await agent.invoke({ messages: [{ role: 'user', content: 'go' }] }, config);
    await agent.invoke(new Command({ resume: approve }), config);
    const { answers } = await turn(agent.invoke(new Command({ resume: 'yes' }), config));
    expect(ran).toEqual(['pay 1']);
    expect(answers).toEqual([expect.stringContaining('used already')]);
  });

  it('holds for its own thread', async () => {
    const approvals = memoryApprovals();
    const guard = createGuard({ policy: byName, approvals });
    const one = agentWith({ calls: [['pay', '1']], guard, thread: 'one' });
    const two = agentWith({ calls: [['pay', '1']], guard, thread: 'two' });
    const { waiting } = await one.start();
    const other = await two.start();
    await two.resume({ [waiting[0]?.id ?? '']: approve });
    expect([one.ran, two.ran]).toEqual([[], []]);
    await two.resume({ aid: waiting[0]?.aid, ...approve });
    expect([one.ran, two.ran]).toEqual([[], []]);
    expect(other.waiting[0]?.aid).not.toBe(waiting[0]?.aid);
    await one.resume(approve);
    expect(one.ran).toEqual(['pay 1']);
  });

  it('holds for the principal who asked', async () => {
    const guard = createGuard({ policy: byName });
    const checkpointer = new MemorySaver();
    const model = scripted([['pay', '1']]);
    const of = (id: string) =>
      agentWith({ model, guard: guard.with({ principal: { id } }), checkpointer });
    await of('alice').start();
    const eve = of('eve');
    await eve.resume(approve);
    expect(eve.ran).toEqual([]);
  });
});

describe('a polluted prototype', () => {
  afterEach(() => {
    for (const name of ['decisions', 'type', 'providerTools'])
      Reflect.deleteProperty(Object.prototype, name);
  });

  it('approves nothing', async () => {
    const { start, resume, ran } = agentWith({ calls: [['pay', '1']] });
    await start();
    Reflect.defineProperty(Object.prototype, 'decisions', {
      value: [{ type: 'approve' }],
      configurable: true,
      writable: true,
    });
    Reflect.defineProperty(Object.prototype, 'type', {
      value: 'approve',
      configurable: true,
      writable: true,
    });
    await resume({ decisions: [{ message: 'x' }] }).catch(() => undefined);
    expect(ran).toEqual([]);
  });
});

describe('a broken checkpointer', () => {
  it('runs nothing when it fails while the answer is looked up', async () => {
    const checkpointer = new MemorySaver();
    const { start, resume, ran } = agentWith({ calls: [['pay', '1']], checkpointer });
    await start();
    const getTuple = checkpointer.getTuple.bind(checkpointer);
    let reads = 0;
    checkpointer.getTuple = async (config) => {
      reads += 1;
      // The graph itself reads it first, to find where it stopped.
      if (config.configurable?.['checkpoint_id'] !== undefined) throw new Error('disk full');
      return getTuple(config);
    };
    await expect(resume(approve)).rejects.toThrow('disk full');
    expect(reads).toBeGreaterThan(0);
    expect(ran).toEqual([]);
  });
});

describe('guardMiddleware', () => {
  it('wants the guard itself', () => {
    expect(() => guardMiddleware({} as never)).toThrow('pass the guard');
  });

  it('refuses options that nobody reads', () => {
    const misspelt = { providerTool: [] } as never;
    expect(() => guardMiddleware(createGuard({ policy: byName }), misspelt)).toThrow(
      '"providerTool" is not an option',
    );
  });
});
