import { describe, expect, it } from 'vitest';
import { versions } from '../conformance/ai-sdk/versions.ts';
import { aiSdkEngine } from './ai-sdk-engine.ts';
import type { Step, Trace } from './data.ts';
import { scriptOf } from './script.ts';
import { scriptedModel } from './scripted-model.ts';

const suite = {
  suite: 'clock',
  tools: [{ name: 'tick', description: 'Ticks.', params: { type: 'object' } }],
  injectionTasks: [],
};

function traceOf(...turns: ReadonlyArray<number | undefined>): Trace {
  const steps: Step[] = turns.map((turn, n) => ({ tool: 'tick', args: { n }, result: n, turn }));
  return { suite: 'clock', user: 'reader', prompt: 'Tick.', steps };
}

describe.each(versions)('the scripted model of $name', (sdk) => {
  /** Per message of the model: which calls it made, and how many results it had seen by then. */
  async function messagesOf(trace: Trace): Promise<ReadonlyArray<readonly [unknown[], number]>> {
    const model = scriptedModel(sdk, scriptOf(trace));
    const { steps } = await sdk.generateText({
      model,
      tools: aiSdkEngine(sdk).tools(suite, async (_, args) => args),
      prompt: trace.prompt,
      stopWhen: sdk.stopAfter(9),
    });
    return steps.map(({ content }, message) => [
      content.flatMap(({ type, input }) => (type === 'tool-call' ? [input] : [])),
      (model.doGenerateCalls[message]?.prompt ?? []).flatMap((part) =>
        part.role === 'tool' ? part.content : [],
      ).length,
    ]);
  }

  it('makes all calls of a turn in one message, before any of their results is seen', async () => {
    expect(await messagesOf(traceOf(1, 1, 2, 3, 3))).toEqual([
      [[{ n: 0 }, { n: 1 }], 0],
      [[{ n: 2 }], 2],
      [[{ n: 3 }, { n: 4 }], 3],
      [[], 5],
    ]);
  });

  it('makes one call per message where no turns were recorded', async () => {
    expect(await messagesOf(traceOf(undefined, undefined))).toEqual([
      [[{ n: 0 }], 0],
      [[{ n: 1 }], 1],
      [[], 2],
    ]);
  });

  it('answers at once where no call was recorded', async () => {
    expect(await messagesOf(traceOf())).toEqual([[[], 0]]);
  });
});
