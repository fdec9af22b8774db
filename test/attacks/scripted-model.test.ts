import { generateText, isLoopFinished } from 'ai';
import { expect, it } from 'vitest';
import type { Step, Trace } from './data.ts';
import { recordedTools } from './recorded-tools.ts';
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

/** Per message of the model: which calls it made, and how many results it had seen by then. */
async function messagesOf(trace: Trace): Promise<readonly (readonly [unknown[], number])[]> {
  const model = scriptedModel(scriptOf(trace));
  const { steps } = await generateText({
    model,
    tools: recordedTools(suite, async (_, args) => args),
    prompt: trace.prompt,
    stopWhen: isLoopFinished(),
  });
  return steps.map(({ toolCalls }, message) => [
    toolCalls.map(({ input }) => input as unknown),
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
