import { createGuard, toolPolicy } from '@guardstile/core';
import { experimental_toolCaller, generateText, isStepCount, tool, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { scriptedModel } from '../../../test/conformance/ai-sdk/scripted-model.ts';
import { withGuard } from './index.ts';

/** A tool that runs what other tools are named in its input, as code mode does. */
function codeMode() {
  const ran: string[] = [];
  const inputSchema = z.object({ names: z.array(z.string()) });
  const bound = (tools: ToolSet) =>
    tool({
      inputSchema,
      async execute({ names }, options) {
        ran.push('code');
        const results: unknown[] = [];
        for (const name of names) {
          results.push(await tools[name]?.execute?.({ city: 'Bern' } as never, options));
        }
        return results;
      },
    });
  const code = experimental_toolCaller(
    tool({
      inputSchema,
      execute: (): string => {
        throw new Error('it has to be bound');
      },
    }),
    { type: 'local', bind: (tools: ToolSet) => bound(tools) as never },
  );
  const weather = tool({
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      ran.push('weather');
      return `sunny in ${city}`;
    },
  });
  return { ran, tools: { code, weather } };
}

async function run(tools: ReturnType<typeof codeMode>['tools']) {
  const { responseMessages } = await generateText({
    model: scriptedModel([[{ id: 'call-1', tool: 'code', args: { names: ['weather'] } }]]),
    tools,
    prompt: 'run it',
    stopWhen: isStepCount(3),
    experimental_toolCallers: { weather: ['code'] },
  });
  return JSON.stringify(responseMessages);
}

describe('a tool through which the SDK lets code call other tools', () => {
  it('works as without a guard', async () => {
    const { ran, tools } = codeMode();
    const plain = await run(tools);
    expect(plain).toContain('sunny in Bern');
    expect(await run(withGuard(tools, () => 'allow'))).toBe(plain);
    expect(ran).toEqual(['code', 'weather', 'code', 'weather']);
  });

  it('is guarded although the SDK replaces its execute', async () => {
    const { ran, tools } = codeMode();
    expect(await run(withGuard(tools, toolPolicy({ deny: ['code'] })))).toContain('deny list');
    expect(ran).toEqual([]);
  });

  it('calls tools that are guarded themselves', async () => {
    const { ran, tools } = codeMode();
    const seen = await run(withGuard(tools, toolPolicy({ deny: ['weather'] })));
    expect(seen).toContain('weather: denied');
    expect(ran).toEqual(['code']);
  });

  it('is decided once by the same guard, in its new context', async () => {
    const { tools } = codeMode();
    const guard = createGuard({ policy: () => 'allow' });
    await run(withGuard(withGuard(tools, guard), guard.with({ session: 'chat-1' })));
    const allowed = (await guard.audit?.query({ action: 'tool.allow' })) ?? [];
    expect(allowed.map(({ tool: name, session }) => [name, session])).toEqual([
      ['code', 'chat-1'],
      ['weather', 'chat-1'],
    ]);
  });

  it('keeps its caller definition hidden', () => {
    const { tools } = codeMode();
    const { code } = withGuard(tools, () => 'allow');
    expect(Object.getOwnPropertyDescriptor(code, 'experimental_toolCaller')?.enumerable).toBe(
      false,
    );
    expect(code.experimental_toolCaller.type).toBe('local');
  });

  it('is guarded without an execute of its own', async () => {
    const { ran, tools } = codeMode();
    const { execute: _, ...unbound } = tools.code;
    const code = experimental_toolCaller(
      unbound as typeof tools.code,
      tools.code.experimental_toolCaller,
    );
    const guarded = withGuard({ ...tools, code }, toolPolicy({ deny: ['code'] }));
    expect(Object.hasOwn(guarded.code, 'execute')).toBe(false);
    expect(await run(guarded)).toContain('deny list');
    expect(ran).toEqual([]);
  });

  it('that belongs to the provider stays as it is', () => {
    const caller = experimental_toolCaller(tool({ inputSchema: z.object({}) }), {
      type: 'provider',
      prepareProviderOptions: (options) => options ?? {},
    });
    expect(withGuard({ caller }, () => 'deny').caller).toBe(caller);
  });
});
