import { allowAll, createGuard } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { oncePerStep } from './step-results.ts';

/** One run of a task that several calls share. */
function sharedTask(task: string, checkpointer: object = {}) {
  return {
    configurable: {
      __pregel_checkpointer: checkpointer,
      __pregel_task_id: task,
      __pregel_scratchpad: { currentTaskInput: { messages: [] } },
    },
  };
}

function counted(result: () => unknown = () => 'result') {
  const guard = createGuard({ policy: allowAll() });
  const tool = guard.tool({ name: 'look' });
  let runs = 0;
  return {
    runs: () => runs,
    call: (config: object | undefined, args: unknown = { x: 1 }, id: string | undefined = 'a') =>
      oncePerStep(
        { guard, tool },
        { args, ...(id === undefined ? {} : { id }) },
        config,
        async () => {
          runs += 1;
          return result();
        },
      ),
  };
}

describe('a call in a step that several calls share', () => {
  it('runs once, and answers the same again', async () => {
    const { call, runs } = counted();
    const checkpointer = {};
    const twice = [
      await call(sharedTask('one', checkpointer)),
      await call(sharedTask('one', checkpointer)),
    ];
    expect(twice).toEqual(['result', 'result']);
    expect(runs()).toBe(1);
  });

  it('runs once also while it is still running', async () => {
    const { call, runs } = counted();
    const checkpointer = {};
    await Promise.all([
      call(sharedTask('one', checkpointer)),
      call(sharedTask('one', checkpointer)),
    ]);
    expect(runs()).toBe(1);
  });

  it('runs as often as one run of the step makes it, and no more when that starts again', async () => {
    const { call, runs } = counted();
    const checkpointer = {};
    for (const run of [sharedTask('one', checkpointer), sharedTask('one', checkpointer)]) {
      await Promise.all([call(run), call(run)]);
    }
    expect(runs()).toBe(2);
  });

  it('runs anew in another step, with other arguments and for another call', async () => {
    const { call, runs } = counted();
    const checkpointer = {};
    await call(sharedTask('one', checkpointer));
    await call(sharedTask('two', checkpointer));
    await call(sharedTask('one', checkpointer), { x: 2 });
    await call(sharedTask('one', checkpointer), { x: 1 }, 'b');
    expect(runs()).toBe(4);
  });

  it('runs again where it failed, and where what it gave can be read once', async () => {
    const failing = counted(() => {
      throw new Error('boom');
    });
    const checkpointer = {};
    for (const run of [sharedTask('one', checkpointer), sharedTask('one', checkpointer)]) {
      await expect(failing.call(run)).rejects.toThrow('boom');
    }
    expect(failing.runs()).toBe(2);
    const streaming = counted(async function* () {
      yield 1;
    });
    await streaming.call(sharedTask('one', checkpointer));
    await streaming.call(sharedTask('one', checkpointer));
    expect(streaming.runs()).toBe(2);
  });

  it.each([
    ['outside a graph', undefined],
    ['without a checkpointer', { configurable: { __pregel_task_id: 'one' } }],
  ])('runs each time %s', async (_, config) => {
    const { call, runs } = counted();
    await call(config);
    await call(config);
    expect(runs()).toBe(2);
  });
});
