import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BaseCheckpointSaver,
  type CheckpointTuple,
  Command,
  MemorySaver,
} from '@langchain/langgraph';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteSaver } from '../../examples/src/langchain/sqlite-saver.ts';
import { agentWith, approve } from './agents.ts';

let folder: string;
let path: string;
const open: SqliteSaver[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guardstile-saver-'));
  path = join(folder, 'checkpoints.db');
});

afterEach(() => {
  for (const saver of open.splice(0)) saver.close();
  rmSync(folder, { recursive: true });
});

function sqliteSaver(): SqliteSaver {
  const saver = new SqliteSaver(path);
  open.push(saver);
  return saver;
}

/**
 * LangGraph's own saver, with everything that it is told also told to another one, at once: messages
 * get their ids later.
 */
function mirrored(other: BaseCheckpointSaver): MemorySaver {
  const memory = new MemorySaver();
  const put = memory.put.bind(memory);
  const putWrites = memory.putWrites.bind(memory);
  memory.put = async (...given) => {
    const [saved] = await Promise.all([put(...given), other.put(...given, {})]);
    return saved;
  };
  memory.putWrites = async (...given) => {
    await Promise.all([putWrites(...given), other.putWrites(...given)]);
  };
  return memory;
}

async function all(saver: BaseCheckpointSaver, thread?: string): Promise<CheckpointTuple[]> {
  const configurable = thread === undefined ? {} : { thread_id: thread };
  const tuples: CheckpointTuple[] = [];
  for await (const tuple of saver.list({ configurable })) tuples.push(tuple);
  return tuples;
}

/** An agent that was asked twice, answered once, and had its state changed from outside. */
async function converse(checkpointer: BaseCheckpointSaver, thread: string): Promise<void> {
  const calls = [
    ['pay', '1'],
    ['pay', '2'],
    ['look', '3'],
  ] as const;
  const { agent, start, resume, config } = agentWith({ calls, checkpointer, thread });
  await start();
  await resume(approve);
  await agent.graph.updateState(config, { messages: [] });
  await agent.graph.invoke(new Command({ resume: approve }), config);
}

describe("the examples' saver in a file", () => {
  it("holds what LangGraph's own saver holds, also for another process", async () => {
    const memory = mirrored(sqliteSaver());
    await converse(memory, 'one');
    await converse(memory, 'two');
    const another = sqliteSaver();
    const tuples = await all(memory, 'one');
    expect(tuples.length).toBeGreaterThan(3);
    expect(tuples.some(({ pendingWrites = [] }) => pendingWrites.length > 0)).toBe(true);
    expect(await all(another, 'one')).toEqual(tuples);
    expect((await all(another)).length).toBe((await all(memory)).length);
    for (const { config } of tuples) {
      expect(await another.getTuple(config)).toEqual(await memory.getTuple(config));
    }
    const newest = { configurable: { thread_id: 'one' } };
    expect(await another.getTuple(newest)).toEqual(await memory.getTuple(newest));
    expect(await another.getTuple({ configurable: { thread_id: 'three' } })).toBeUndefined();
  });

  it('forgets a thread and no other one', async () => {
    const saver = sqliteSaver();
    await converse(saver, 'one');
    await converse(saver, 'two');
    const before = await all(saver, 'two');
    await saver.deleteThread('one');
    expect(await all(sqliteSaver(), 'one')).toEqual([]);
    expect(await all(sqliteSaver(), 'two')).toEqual(before);
  });

  it('keeps what was written first, and of what LangGraph says of a task the last', async () => {
    const memory = mirrored(sqliteSaver());
    await converse(memory, 'one');
    const [{ config } = { config: {} }] = await all(memory, 'one');
    for (const value of ['first', 'last']) {
      await memory.putWrites(config, [['messages', value]], 'task');
      await memory.putWrites(config, [['__interrupt__', value]], 'task');
    }
    const { pendingWrites = [] } = (await sqliteSaver().getTuple(config)) ?? {};
    expect(pendingWrites.filter(([task]) => task === 'task')).toEqual([
      ['task', 'messages', 'first'],
      ['task', '__interrupt__', 'last'],
    ]);
    expect((await memory.getTuple(config))?.pendingWrites).toEqual(pendingWrites);
  });
});
