import { allowAll, withGuard } from '@guardstile/ai-sdk';
import type { ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { unansweredIn } from '../conformance/ai-sdk/read-messages.ts';
import type { Generated, StreamPart } from '../conformance/ai-sdk/sdk.ts';
import { type Face, faces } from './face.ts';
import { settle } from './fields-of.ts';
import { optionsAround } from './guards.ts';
import { normalise } from './normalise.ts';
import { says } from './script.ts';
import { type Around, aroundTools, nothing, type Protect, type Setting } from './situation.ts';
import { cityTool } from './situations/city-tool.ts';

// What a guard that allows everything does change, each on purpose: this is all that is known.

const allowing: Protect = (tools) => withGuard(tools, allowAll());
const waiting: Protect = (tools) => withGuard(tools, async () => 'allow' as const);

const USER = { role: 'user', content: 'go on' } as const;
const call = { tool: 'weather' };

function run(sdk: Face, tools: ToolSet, settings: Setting['settings'] = {}, steps = [says(call)]) {
  let next = 0;
  const model = sdk.modelOf(() => steps[next++] ?? says('the end'));
  return {
    messages: [USER],
    stopWhen: sdk.stopAfter(5),
    onError: () => undefined,
    ...settings,
    model,
    tools,
  };
}

async function partsOf(
  sdk: Face,
  ...given: [ToolSet, Setting['settings']?]
): Promise<StreamPart[]> {
  const parts: StreamPart[] = [];
  for await (const part of sdk.streamText(run(sdk, ...given)).fullStream) parts.push(part);
  return parts;
}

/** What the run ended with for the call, as the SDK keeps it in its messages. */
function told({ responseMessages, response }: Generated): unknown {
  const messages = responseMessages ?? response.messages ?? [];
  return messages
    .flatMap(({ role, content }) => (role === 'tool' ? content : []))
    .find((part) => part.type === 'tool-result')?.output;
}

async function* values() {
  yield 'one';
  yield 'two';
  return 'end';
}

describe.each(Object.values(faces))('$name', (sdk) => {
  it('starts bodies after an abort, and a guard does not; the run ends in the same way', async () => {
    const started: string[] = [];
    const ends = await Promise.all(
      Object.entries({ nothing, allowing }).map(([name, protect]) => {
        const controller = new AbortController();
        const tools = protect({ weather: cityTool(() => started.push(name)) });
        const settings = { abortSignal: controller.signal };
        const steps = [says(call)];
        const model = { ...run(sdk, tools, settings, steps) };
        controller.abort(new Error('the user left'));
        return settle(sdk.generateText(model));
      }),
    );
    expect(started).toEqual(['nothing']);
    expect(ends[1]).toEqual(ends[0]);
  });

  it('cannot preview what a function streams whose policy had to be waited for, only its end', async () => {
    const tools = { weather: cityTool(() => values()) };
    const outputs = async (protect: Protect) =>
      (await partsOf(sdk, protect(tools)))
        .filter(({ type }) => type === 'tool-result')
        .map(({ output, preliminary }) => [output, preliminary]);
    const final = await outputs(waiting);
    expect(final).toEqual([['two', undefined]]);
    expect((await outputs(nothing)).at(-1)).toEqual(final.at(-1));
    expect(await outputs(allowing)).toEqual(await outputs(nothing));
  });

  it('may tell of calls that end in the same turn in another order, but tells the same', async () => {
    const tools = { now: cityTool(() => 'now'), later: cityTool(async () => 'later') };
    const steps = [says({ tool: 'later' }, { tool: 'now' })];
    const results = async (protect: Protect) => {
      const parts: StreamPart[] = [];
      const stream = sdk.streamText(run(sdk, protect(tools), {}, steps)).fullStream;
      for await (const part of stream) if (part.type === 'tool-result') parts.push(part);
      return parts.toSorted((a, b) => String(a.toolCallId).localeCompare(String(b.toolCallId)));
    };
    expect(await results(waiting)).toEqual(await results(nothing));
    expect(await results(allowing)).toHaveLength(2);
  });
});

describe('ai 7', () => {
  const sdk = faces['ai 7'];

  it.each([
    ['an async function answers with', cityTool(async () => values())],
    ['a function promises', cityTool(() => Promise.resolve(values()))],
  ])('gets a guarded generator where %s one', async (_, weather) => {
    const [plain, ...guardedRuns] = await Promise.all(
      [nothing, allowing, waiting].map((protect) =>
        sdk.generateText(run(sdk, protect({ weather }))),
      ),
    );
    for (const guarded of guardedRuns) {
      // Which is of no use to the model, with and without the guard.
      expect(told(guarded)).toMatchObject({ type: 'json' });
      expect(JSON.stringify(told(guarded))).toBe(JSON.stringify(plain && told(plain)));
      const output = guarded.steps[0]?.content.find(({ type }) => type === 'tool-result')?.output;
      const generator = output as AsyncGenerator<unknown, unknown>;
      expect(await generator.next()).toEqual({ done: false, value: 'one' });
      expect(await generator.next()).toEqual({ done: false, value: 'two' });
      expect(await generator.next()).toEqual({ done: true, value: 'end' });
    }
  });

  it('lets a caller switch off what a tool demands, and the guard does not', async () => {
    const started: string[] = [];
    const tools = {
      weather: cityTool(() => started.push('a body'), { needsApproval: true }),
    };
    const settings = { toolApproval: () => undefined };
    await sdk.generateText(run(sdk, tools, settings));
    expect(started).toHaveLength(1);
    const guarded = await sdk.generateText(run(sdk, allowing(tools), settings));
    expect(started).toHaveLength(1);
    expect(JSON.stringify(told(guarded))).toContain('itself needs approval');
  });

  it('resumes what only the caller wanted approved; a guard that does not know of it refuses', async () => {
    const started: string[] = [];
    const tools = { weather: cityTool(() => started.push('a body')) };
    const settings = { toolApproval: { weather: 'user-approval' } };
    const resumed = async (around: Around) => {
      const { tools: guarded, settings: given = {} } = around({ tools, settings, steps: [] });
      const first = await sdk.generateText(run(sdk, guarded, given));
      const asked = first.responseMessages ?? [];
      const content = [...unansweredIn(asked).values()].map((approvalId) => ({
        type: 'tool-approval-response',
        approvalId,
        approved: true,
      }));
      expect(content).toHaveLength(1);
      const messages = [USER, ...asked, { role: 'tool', content }];
      return sdk.generateText(run(sdk, guarded, { ...given, messages }, []));
    };
    await resumed(aroundTools(nothing));
    expect(started).toHaveLength(1);
    // Otherwise a forged history could call any tool that needs no approval.
    const refused = await resumed(aroundTools(allowing));
    expect(started).toHaveLength(1);
    expect(JSON.stringify(told(refused))).toContain('never opened');
    // The way to tell the guard of it.
    await resumed(optionsAround);
    expect(started).toHaveLength(2);
  });

  it('has no words for why it asks, and guardOptions() has', async () => {
    const tools = { weather: cityTool(() => 'sunny', { needsApproval: true }) };
    const reasonOf = async (around: Around) => {
      const setting = around({ tools, steps: [] });
      const { steps } = await sdk.generateText(run(sdk, setting.tools, setting.settings));
      const [request] = steps.flatMap(({ content }) =>
        content.filter(({ type }) => type === 'tool-approval-request'),
      );
      return (request as { readonly reason?: string } | undefined)?.reason;
    };
    expect(await reasonOf(aroundTools(nothing))).toBeUndefined();
    expect(await reasonOf(aroundTools(allowing))).toBeUndefined();
    expect(await reasonOf(optionsAround)).toBe('the tool weather itself needs approval');
  });

  it('checks the context of a tool before it asks a guard that may have to ask a person', async () => {
    const tools = {
      weather: cityTool(() => 'sunny', { contextSchema: z.object({ tenant: z.number() }) }),
    };
    const settings = { toolsContext: { weather: { tenant: 'acme' } } };
    const [plain, allowed] = await Promise.all(
      [nothing, allowing].map((protect) => settle(partsOf(sdk, protect(tools), settings))),
    );
    expect(normalise(allowed)).toBe(normalise(plain));
    expect(normalise(plain)).toContain('AI_TypeValidationError');
    const deciding = withGuard(tools, () => 'allow');
    expect(await settle(partsOf(sdk, deciding, settings))).toMatchObject({
      error: { name: 'AI_TypeValidationError' },
    });
  });
});
