import { createGuard, guardTool, type PolicyFunction, withGuard } from '@guardstile/langchain';
import {
  guardDeepAgent,
  guardMiddleware,
  type MiddlewareReport,
} from '@guardstile/langchain/middleware';
import { Command, MemorySaver } from '@langchain/langgraph';
import { createDeepAgent } from 'deepagents';
import { createAgent, tool } from 'langchain';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import {
  approve,
  byName,
  type Ran,
  recording,
  type ScriptedCall,
  scripted,
  scriptedBy,
  turn,
} from './agents.ts';

const config = { configurable: { thread_id: 'thread' } };
const go = { messages: [{ role: 'user' as const, content: 'go' }] };

/** An agent whose one tool starts another agent, which makes the given calls. */
function nested(
  ran: Ran,
  calls: (x: string) => ReadonlyArray<readonly ScriptedCall[]>,
  ahead: boolean,
) {
  const guard = createGuard({ policy: byName });
  const tools = [recording(ran, 'pay')];
  const delegate = tool(
    async ({ x }) => {
      const agent = createAgent({
        name: `worker-${x}`,
        model: scripted(...calls(x)),
        tools: ahead ? tools : withGuard(tools, guard),
        middleware: ahead ? [guardMiddleware(guard)] : [],
      });
      const { messages } = await agent.invoke(go);
      return messages.at(-1)?.text ?? '';
    },
    { name: 'delegate', description: 'delegates', schema: z.object({ x: z.string() }) },
  );
  return (given: readonly ScriptedCall[]) => {
    const agent = createAgent({
      model: scripted(given),
      tools: [guardTool(delegate, guard)],
      middleware: ahead ? [guardMiddleware(guard)] : [],
      checkpointer: new MemorySaver(),
    });
    return {
      start: () => turn(agent.invoke(go, config)),
      resume: (answer: unknown) => turn(agent.invoke(new Command({ resume: answer }), config)),
      goOn: () => turn(agent.invoke(null as never, config)),
    };
  };
}

describe.each([
  ['asked ahead', true],
  ['asked by the tools', false],
] as const)('sub-agents side by side, %s', (_, ahead) => {
  it('get no approval from one plain answer', async () => {
    const ran: Ran = [];
    const { start, resume, goOn } = nested(
      ran,
      (x) => [[['pay', x]]],
      ahead,
    )([
      ['delegate', '1'],
      ['delegate', '2'],
    ]);
    expect((await start()).waiting).toHaveLength(2);
    await goOn();
    await resume(approve);
    expect(ran).toEqual([]);
  });

  it('are answered one by one by interrupt id', async () => {
    const ran: Ran = [];
    const { start, resume } = nested(
      ran,
      (x) => [[['pay', x]]],
      ahead,
    )([
      ['delegate', '1'],
      ['delegate', '2'],
    ]);
    const { waiting } = await start();
    const second = waiting.find(({ args }) => (args as { x: string }).x === '2');
    await resume({ [second?.id ?? '']: approve });
    expect(ran).toEqual(['pay 2']);
    await resume(approve);
    expect(ran).toEqual(['pay 2', 'pay 1']);
  });

  it('do not use an answer for what they ask later', async () => {
    const ran: Ran = [];
    const { start, resume, goOn } = nested(
      ran,
      () => [[['pay', '1']], [['pay', '2']]],
      ahead,
    )([['delegate', '1']]);
    await start();
    expect((await resume(approve)).waiting).toMatchObject([{ args: { x: '2' } }]);
    await goOn();
    await goOn();
    expect(ran).toEqual(['pay 1']);
    await resume(approve);
    expect(ran).toEqual(['pay 1', 'pay 2']);
  });
});

it('a tool that starts two agents gives the second none of the answer to the first', async () => {
  const ran: Ran = [];
  const guard = createGuard({ policy: byName });
  const worker = (x: string) =>
    createAgent({
      name: `worker-${x}`,
      model: scripted([['pay', x]]),
      tools: withGuard([recording(ran, 'pay')], guard),
    });
  const both = tool(
    async () => {
      await worker('1').invoke(go);
      await worker('2').invoke(go);
      return 'both';
    },
    { name: 'both', description: 'does both', schema: z.object({ x: z.string() }) },
  );
  const agent = createAgent({
    model: scripted([['both', 'x']]),
    tools: [both],
    checkpointer: new MemorySaver(),
  });
  await agent.invoke(go, config);
  await turn(agent.invoke(new Command({ resume: approve }), config));
  expect(ran).toEqual(['pay 1']);
});

describe('a deep agent', () => {
  const policy: PolicyFunction = (call, context) =>
    call.tool.name === 'write_file' ? 'deny' : byName(call, context);
  const task = (subagent: string, x: string): ScriptedCall => [
    'task',
    { description: `${subagent} ${x}`, subagent_type: subagent },
  ];

  /** Its sub-agents pay what they are told to, and write a file. */
  function deepAgent(
    ran: Ran,
    delegated: readonly ScriptedCall[],
    reports: MiddlewareReport[] = [],
  ) {
    const guard = createGuard({ policy });
    const model = scriptedBy((text) => {
      const [, x = ''] = text.split(' ');
      if (text === 'go') return [delegated];
      return [
        [
          ['pay', x],
          ['write_file', { file_path: '/a', content: x }],
        ],
      ];
    });
    const agent = createDeepAgent(
      guardDeepAgent(
        guard,
        {
          model,
          tools: [recording(ran, 'pay')],
          subagents: [{ name: 'isolated', description: 'works alone', systemPrompt: 'work' }],
          checkpointer: new MemorySaver(),
        },
        { onReport: (report) => reports.push(report) },
      ),
    );
    return {
      start: () => turn(agent.invoke(go, config)),
      resume: async (answer: unknown) => {
        const result = await agent.invoke(new Command({ resume: answer }), config);
        return { ...(await turn(Promise.resolve(result))), files: result.files };
      },
    };
  }

  it.each(['general-purpose', 'isolated'])(
    'asks about the calls of its %s sub-agent',
    async (name) => {
      const ran: Ran = [];
      const { start, resume } = deepAgent(ran, [task(name, '1')]);
      expect((await start()).waiting).toMatchObject([{ args: { x: '1' } }]);
      expect(ran).toEqual([]);
      const { files } = await resume(approve);
      expect(ran).toEqual(['pay 1']);
      expect(Object.keys(files ?? {})).toEqual([]);
    },
  );

  it('reports what each of its agents has guarded, and nothing to mend', async () => {
    const reports: MiddlewareReport[] = [];
    await deepAgent([], [task('isolated', '1')], reports).start();
    expect(reports.map(({ agent }) => agent)).toContain('isolated');
    for (const { guarded, unguarded, remarks } of reports) {
      expect(guarded).toEqual(expect.arrayContaining(['pay', 'write_file']));
      expect([unguarded, remarks]).toEqual([[], []]);
    }
  });

  it('approves none of two sub-agents by one plain answer', async () => {
    const ran: Ran = [];
    const { start, resume } = deepAgent(ran, [task('isolated', '1'), task('general-purpose', '2')]);
    expect((await start()).waiting).toHaveLength(2);
    await resume(approve);
    expect(ran).toEqual([]);
  });

  it('refuses a sub-agent whose calls it could not see, unless it is said to be guarded', () => {
    const guard = createGuard({ policy });
    const runnable = createAgent({ model: scripted(), tools: [] });
    const params = { subagents: [{ name: 'built', description: 'd', runnable }] };
    expect(() => guardDeepAgent(guard, params)).toThrow('"built" was built elsewhere');
    const { subagents } = guardDeepAgent(guard, params, { guardedElsewhere: ['built'] });
    expect(subagents).toContainEqual({ name: 'built', description: 'd', runnable });
  });
});
