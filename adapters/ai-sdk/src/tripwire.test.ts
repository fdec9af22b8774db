import { allowAll, type AuditLog, createGuard, type Guard, memoryAudit } from '@guardstile/core';
import {
  generateText,
  registerTelemetry,
  simulateReadableStream,
  stepCountIs,
  streamText,
  tool,
  ToolLoopAgent,
  toolSearch,
  type ToolSet,
} from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { unguardedTripwire, type TripwireOptions, type UnguardedCall, withGuard } from './index.ts';

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** A model that calls the tool once and then says that it is done. */
function calling(toolName: string, input: object = { city: 'Bern' }): MockLanguageModelV4 {
  let step = 0;
  const next = () => {
    step += 1;
    return step % 2 === 1
      ? ([
          { type: 'tool-call', toolCallId: 'call-1', toolName, input: JSON.stringify(input) },
        ] as const)
      : [];
  };
  return new MockLanguageModelV4({
    doGenerate: async () => {
      const content = [...next()];
      const unified = content.length > 0 ? 'tool-calls' : 'stop';
      return { content, finishReason: { unified, raw: '' }, usage, warnings: [] };
    },
    doStream: async () => {
      const content = [...next()];
      const unified = content.length > 0 ? 'tool-calls' : 'stop';
      return {
        stream: simulateReadableStream({
          chunks: [...content, { type: 'finish', finishReason: { unified, raw: '' }, usage }],
          initialDelayInMs: null,
          chunkDelayInMs: null,
        }),
      };
    },
  });
}

function toolsOf() {
  const ran: string[] = [];
  const weather = tool({
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      ran.push(city);
      return 'sunny';
    },
  });
  return { ran, weather };
}

afterEach(() => {
  globalThis.AI_SDK_TELEMETRY_INTEGRATIONS = [];
});

function armed(options: TripwireOptions = {}, audit: AuditLog = memoryAudit()): Guard {
  const guard = createGuard({ policy: allowAll(), audit });
  registerTelemetry(unguardedTripwire(guard, options));
  return guard;
}

const tripped = async (guard: Guard) => guard.audit?.query({ action: 'tool.unguarded-call' });

async function generated(tools: ToolSet, name = 'weather', settings: object = {}): Promise<string> {
  const model = calling(name);
  const { steps } = await generateText({
    model,
    tools,
    prompt: 'go',
    stopWhen: stepCountIs(2),
    ...settings,
  });
  return JSON.stringify(
    steps[0]?.content.map((part) => (part.type === 'tool-error' ? String(part.error) : part.type)),
  );
}

async function streamed(tools: ToolSet): Promise<void> {
  const result = streamText({
    model: calling('weather'),
    tools,
    prompt: 'go',
    stopWhen: stepCountIs(2),
  });
  await result.consumeStream();
}

describe('a tool that starts without a guard', () => {
  it('is written down, and runs', async () => {
    const guard = armed();
    const { ran, weather } = toolsOf();
    await generated({ weather });
    await streamed({ weather });
    expect(ran).toEqual(['Bern', 'Bern']);
    const entry = {
      tool: 'weather',
      call: 'call-1',
      payload: { refused: false },
      digest: expect.stringMatching(/^sha256:/) as string,
    };
    expect(await tripped(guard)).toMatchObject([entry, entry]);
  });

  it('does not run where that is asked for, and the run goes on', async () => {
    const guard = armed({ onUnguarded: 'refuse' });
    const { ran, weather } = toolsOf();
    expect(await generated({ weather })).toContain('GuardError: weather: it would start without');
    await streamed({ weather });
    expect(ran).toEqual([]);
    expect(await tripped(guard)).toHaveLength(2);
  });

  it('is given to a function, whose error is that of the call', async () => {
    const calls: UnguardedCall[] = [];
    armed({
      onUnguarded: (call) => {
        calls.push(call);
        throw new Error('not here');
      },
    });
    const { ran, weather } = toolsOf();
    expect(await generated({ weather })).toContain('not here');
    expect(ran).toEqual([]);
    expect(calls).toEqual([{ tool: 'weather', toolCallId: 'call-1', why: 'unguarded' }]);
  });

  it('can be accepted by name', async () => {
    const guard = armed({ onUnguarded: 'refuse', accept: ['weather'] });
    const { ran, weather } = toolsOf();
    await generated({ weather });
    expect(ran).toEqual(['Bern']);
    expect(await tripped(guard)).toEqual([]);
  });

  it('does not run unrecorded', async () => {
    const log = memoryAudit();
    armed(
      {},
      {
        ...log,
        append: () => {
          throw new Error('full');
        },
      },
    );
    const { ran, weather } = toolsOf();
    expect(await generated({ weather })).toContain('did not take the entry');
    expect(ran).toEqual([]);
  });

  it('is noticed in a sub-agent and behind prepareCall', async () => {
    const guard = armed({ onUnguarded: 'refuse' });
    const { ran, weather } = toolsOf();
    const inner = new ToolLoopAgent({ model: calling('weather'), tools: { weather } });
    const research = tool({
      inputSchema: z.object({ city: z.string() }),
      execute: async () => (await inner.generate({ prompt: 'go' })).text,
    });
    const agent = new ToolLoopAgent({
      model: calling('research'),
      tools: withGuard({ research }, guard),
    });
    await agent.generate({ prompt: 'go' });
    expect(ran).toEqual([]);
    expect(await tripped(guard)).toMatchObject([{ tool: 'weather' }]);

    const replaced = new ToolLoopAgent({
      model: calling('weather'),
      tools: withGuard({ weather }, guard),
      prepareCall: (options) => ({ ...options, tools: { weather } }),
    });
    await replaced.generate({ prompt: 'go' });
    expect(ran).toEqual([]);
    expect(await tripped(guard)).toHaveLength(2);
  });

  it.each<[string, (guarded: object, execute: unknown) => object]>([
    ['a copy of a guarded tool with another body', (guarded, execute) => ({ ...guarded, execute })],
    [
      'one with everything that a guarded body has on it',
      (guarded, execute) => {
        const real = Reflect.get(guarded, 'execute') as object;
        const copy = Object.assign(execute as object, real);
        Object.defineProperties(copy, {
          name: { value: 'execute' },
          toString: { value: () => Function.prototype.toString.call(real) },
        });
        Object.setPrototypeOf(copy, real);
        return { ...guarded, execute: copy };
      },
    ],
    [
      'one that says it is tool search',
      (guarded, execute) => ({ ...guarded, execute, [Symbol.for('vercel.ai.toolSearch')]: true }),
    ],
  ])('is recognised although it looks like a guarded one: %s', async (_, forge) => {
    const guard = armed({ onUnguarded: 'refuse' });
    const { ran, weather } = toolsOf();
    const guarded = withGuard({ weather }, guard).weather;
    const forged = forge(guarded, weather.execute) as typeof weather;
    const settings = {
      prompt: undefined,
      // A replay runs the tool as it is: tool search would be replaced by the SDK otherwise.
      messages: [
        {
          role: 'assistant',
          content: [
            {
              type: 'tool-call',
              toolCallId: 'call-1',
              toolName: 'weather',
              input: { city: 'Bern' },
            },
            { type: 'tool-approval-request', toolCallId: 'call-1', approvalId: 'a-1' },
          ],
        },
        {
          role: 'tool',
          content: [{ type: 'tool-approval-response', approvalId: 'a-1', approved: true }],
        },
      ],
    };
    await generated({ weather: forged }, 'weather', settings);
    expect(ran).toEqual([]);
    expect(await tripped(guard)).not.toEqual([]);
  });

  it('is taken for unguarded when the SDK hides which tools there are', async () => {
    const guard = armed({ onUnguarded: 'refuse' });
    const { ran, weather } = toolsOf();
    const settings = { telemetry: { recordInputs: false } };
    const tools = withGuard({ weather }, guard);
    expect(await generated(tools, 'weather', settings)).toContain('recordInputs');
    expect(ran).toEqual([]);
  });
});

describe('a guarded tool', () => {
  it('trips nothing, streamed or not, and is decided as ever', async () => {
    const guard = armed({ onUnguarded: 'refuse' });
    const { ran, weather } = toolsOf();
    const tools = withGuard({ weather }, guard);
    await generated(tools);
    await streamed(tools);
    await generated({ ...tools }, 'weather', { telemetry: { recordOutputs: false } });
    expect(ran).toEqual(['Bern', 'Bern', 'Bern']);
    expect(await tripped(guard)).toEqual([]);
    expect(await guard.audit?.query({ action: 'tool.allow' })).toHaveLength(3);
  });

  it('trips nothing behind tool search', async () => {
    const guard = armed({ onUnguarded: 'refuse' });
    const { weather } = toolsOf();
    const tools = withGuard(
      { search: toolSearch(), weather: { ...weather, deferLoading: true } },
      guard,
    );
    const model = calling('search', { query: 'weather' });
    await generateText({ model, tools, prompt: 'go', stopWhen: stepCountIs(2) });
    expect(await tripped(guard)).toEqual([]);
  });
});

describe('the tripwire', () => {
  it('is an integration for telemetry', () => {
    type Integration = Parameters<typeof registerTelemetry>[0];
    const tripwire = unguardedTripwire(createGuard({ policy: allowAll() }));
    expectTypeOf(tripwire).toExtend<Integration>();
  });

  it('does not see calls whose telemetry is off, so that it is never the guard', async () => {
    const guard = armed({ onUnguarded: 'refuse' });
    const { ran, weather } = toolsOf();
    await generated({ weather }, 'weather', { telemetry: { isEnabled: false } });
    expect(ran).toEqual(['Bern']);
    expect(await tripped(guard)).toEqual([]);
  });

  it('forgets generations that never ended, and none that goes on', async () => {
    const guard = createGuard({ policy: allowAll() });
    const tripwire = unguardedTripwire(guard, { onUnguarded: 'refuse' });
    const tools = withGuard({ weather: toolsOf().weather }, guard);
    const started = (count: number) => {
      for (let id = 0; id < count; id += 1) tripwire.onStart({ callId: `${count}-${id}`, tools });
    };
    const call = async (callId: string) =>
      tripwire.executeTool({
        callId,
        toolCallId: 'call-1',
        toolCall: { toolName: 'weather' },
        execute: async () => 'sunny',
      });
    tripwire.onStart({ callId: 'long', tools });
    started(9000);
    tripwire.onStepStart({ callId: 'long', tools });
    started(9001);
    expect(await call('long')).toBe('sunny');
    await expect(call('9000-0')).rejects.toThrow('nobody can tell');
    tripwire.onEnd({ callId: 'long' });
    await expect(call('long')).rejects.toThrow('nobody can tell');
  });

  it('is refused with an unknown word', () => {
    const guard = createGuard({ policy: allowAll() });
    expect(() => unguardedTripwire(guard, { onUnguarded: 'deny' as never })).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});
