import { allowAll, createGuard, envSecrets, staticSecrets } from '@guardstile/core';
import { generateText, tool, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { converse } from '../../../test/conformance/ai-sdk/conversation.ts';
import { scriptedModel } from '../../../test/conformance/ai-sdk/scripted-model.ts';
import { withGuard } from './index.ts';

const inputSchema = z.object({ city: z.string() });
const OPTIONS = { toolCallId: 'call-1', messages: [], context: {} };
const CALLS = [{ id: 'call-1', tool: 'weather', args: { city: 'Bern' } }];

describe('the body of a guarded tool', () => {
  it('gets the very options that the SDK passes', async () => {
    let given: unknown;
    const weather = tool({
      inputSchema,
      execute: (_, options) => {
        given = options;
        return 'sunny';
      },
    });
    const tools = withGuard({ weather }, allowAll());
    await tools.weather.execute?.({ city: 'Bern' }, OPTIONS);
    expect(given).toBe(OPTIONS);
  });

  it('gets no options where the caller passes none', async () => {
    const given: unknown[] = [];
    const weather = {
      inputSchema,
      execute: (...all: unknown[]) => {
        given.push(...all);
        return 'sunny';
      },
    };
    const tools = withGuard({ weather }, allowAll());
    expect(tools.weather.execute({ city: 'Bern' })).toBe('sunny');
    expect(given).toEqual([{ city: 'Bern' }, undefined]);
  });

  it('is called on the tool itself', () => {
    class Counter {
      #count = 0;
      readonly inputSchema = inputSchema;
      execute() {
        this.#count += 1;
        return this.#count;
      }
    }
    const tools = withGuard({ counter: new Counter() }, allowAll());
    const { execute } = tools.counter;
    expect(execute()).toBe(1);
    expect(execute.call(undefined as never)).toBe(2);
  });

  it('answers at once where it does without a guard', () => {
    const weather = tool({ inputSchema, execute: ({ city }) => `sunny in ${city}` });
    const tools = withGuard({ weather }, () => 'allow');
    expect(tools.weather.execute?.({ city: 'Bern' }, OPTIONS)).toBe('sunny in Bern');
  });

  it('gets the context of the SDK', async () => {
    let given: unknown;
    const weather = tool({
      inputSchema,
      contextSchema: z.object({ unit: z.string() }),
      execute: (_, { context }) => {
        given = context;
        return 'sunny';
      },
    });
    await generateText({
      model: scriptedModel([CALLS]),
      tools: withGuard({ weather }, allowAll()),
      toolsContext: { weather: { unit: 'C' } },
      prompt: 'weather?',
    });
    expect(given).toEqual({ unit: 'C' });
  });
});

describe('a refusal', () => {
  it.each([
    ['at once', () => 'deny' as const],
    ['after a wait', async () => 'deny' as const],
  ])('of an async function is a rejection, decided %s', async (_, policy) => {
    const weather = tool({ inputSchema, execute: async () => 'sunny' });
    const tools = withGuard({ weather }, policy);
    let answer: unknown;
    expect(() => {
      answer = tools.weather.execute?.({ city: 'Bern' }, OPTIONS);
    }).not.toThrow();
    await expect(answer).rejects.toMatchObject({ code: 'denied', tool: 'weather' });
  });

  it('of a synchronous function is thrown', () => {
    const weather = tool({ inputSchema, execute: () => 'sunny' });
    const tools = withGuard({ weather }, () => 'deny');
    expect(() => tools.weather.execute?.({ city: 'Bern' }, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'denied' }),
    );
  });
});

describe('secrets', () => {
  function fetching(options: object) {
    const given: unknown[] = [];
    const weather = tool({
      inputSchema,
      execute: async ({ city }, all) => {
        const { secrets } = all as { readonly secrets?: Record<string, string> };
        given.push(secrets);
        return `${city} with ${secrets?.['WEATHER_KEY']}`;
      },
    });
    const plain = tool({
      inputSchema,
      execute: async (_, all) => {
        given.push('secrets' in all);
        return 'ok';
      },
    });
    const tools = withGuard({ weather, plain }, allowAll(), {
      secrets: staticSecrets({ WEATHER_KEY: 'top-secret-value' }),
      toolSecrets: { weather: ['WEATHER_KEY'] },
      ...options,
    });
    return { given, tools };
  }

  it('reach the body that declared them, and neither model nor log', async () => {
    const { given, tools } = fetching({});
    const messages = await converse(tools, CALLS);
    expect(given).toEqual([{ WEATHER_KEY: 'top-secret-value' }]);
    expect(JSON.stringify(messages)).toContain('Bern with');
    expect(JSON.stringify(messages)).not.toContain('top-secret-value');
  });

  it('do not reach other bodies', async () => {
    const { given, tools } = fetching({});
    await converse(tools, [{ id: 'call-1', tool: 'plain', args: { city: 'Bern' } }]);
    expect(given).toEqual([false]);
  });

  it('that are not set refuse the call by name', async () => {
    const { given, tools } = fetching({ secrets: envSecrets({}) });
    expect(JSON.stringify(await converse(tools, CALLS))).toContain('WEATHER_KEY');
    expect(given).toEqual([]);
  });

  it('stay with a tool that is bound to another context', async () => {
    const { given, tools } = fetching({});
    const guard = createGuard({
      policy: allowAll(),
      secrets: staticSecrets({ WEATHER_KEY: 'top-secret-value' }),
    });
    const once = withGuard({ weather: tools.weather }, guard, {
      toolSecrets: { weather: ['WEATHER_KEY'] },
    });
    await converse(withGuard(once, guard.with({ session: 'chat-1' })), CALLS);
    expect(given).toEqual([{ WEATHER_KEY: 'top-secret-value' }]);
  });
});

describe('signals', () => {
  function stuck() {
    let given: { readonly abortSignal?: AbortSignal } | undefined;
    const weather = tool({
      inputSchema,
      execute: (_, options) => {
        given = options;
        return new Promise<string>(() => undefined);
      },
    });
    return { weather, given: () => given, signal: () => given?.abortSignal };
  }

  it('of a time limit reach the body, and the model reads that its time was over', async () => {
    const { weather, signal } = stuck();
    const tools = withGuard({ weather }, allowAll(), { timeoutMs: 20 });
    expect(JSON.stringify(await converse(tools, CALLS))).toContain('did not finish within 20 ms');
    expect(signal()?.aborted).toBe(true);
  });

  it('of a time limit join that of the SDK', async () => {
    const { weather, signal } = stuck();
    const tools = withGuard({ weather }, allowAll(), { timeoutMs: 60_000 });
    const controller = new AbortController();
    const answer = tools.weather.execute?.(
      { city: 'Bern' },
      { ...OPTIONS, abortSignal: controller.signal },
    );
    expect(signal()?.aborted).toBe(false);
    controller.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(signal()?.aborted).toBe(true);
  });

  it('of a time limit are all that changes in the options of the body', async () => {
    const { weather, given } = stuck();
    const tools = withGuard({ weather }, allowAll(), { timeoutMs: 20 });
    const answer = tools.weather.execute?.({ city: 'Bern' }, OPTIONS);
    await expect(answer).rejects.toMatchObject({ code: 'timeout' });
    expect(given()).toEqual({ ...OPTIONS, abortSignal: expect.any(AbortSignal) as AbortSignal });
  });

  it("of the guard's context end a call beside that of the SDK", async () => {
    const { weather, signal } = stuck();
    const [request, call] = [new AbortController(), new AbortController()];
    const guard = createGuard({ policy: allowAll(), context: { signal: request.signal } });
    const tools = withGuard({ weather }, guard);
    const answer = tools.weather.execute?.(
      { city: 'Bern' },
      { ...OPTIONS, abortSignal: call.signal },
    );
    request.abort(new Error('the client is gone'));
    await expect(answer).rejects.toThrow('the client is gone');
    expect(signal()?.aborted).toBe(true);
  });

  it("of the guard's context reach a body to which the SDK passes none", async () => {
    const { weather, signal } = stuck();
    const request = new AbortController();
    const guard = createGuard({ policy: allowAll(), context: { signal: request.signal } });
    const answer = withGuard({ weather }, guard).weather.execute?.({ city: 'Bern' }, OPTIONS);
    expect(signal()?.aborted).toBe(false);
    request.abort(new Error('the client is gone'));
    await expect(answer).rejects.toThrow('the client is gone');
  });
});

describe('what the SDK calls beside execute', () => {
  it('works on guarded tools as on others', async () => {
    const heard: string[] = [];
    const weather = tool({
      inputSchema,
      onInputAvailable: () => {
        heard.push('input');
      },
      toModelOutput: ({ output }) => ({ type: 'text', value: `so: ${String(output)}` }),
      execute: async ({ city }) => `sunny in ${city}`,
    });
    const tools: ToolSet = withGuard({ weather }, allowAll());
    const plain = await converse({ weather }, CALLS);
    expect(await converse(tools, CALLS)).toEqual(plain);
    expect(JSON.stringify(plain)).toContain('so: sunny in Bern');
    expect(heard).toEqual(['input', 'input']);
  });
});
