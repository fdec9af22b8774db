import { fileURLToPath } from 'node:url';

import { describe, expect, it, vi } from 'vitest';

import { run } from '../support/run.ts';
import { draftOf, voteOf } from './draft.ts';
import { storeFolder } from './store-folder.ts';

const listener = fileURLToPath(new URL('listener.ts', import.meta.url));

describe('waiting for an answer that comes in elsewhere', () => {
  it('hears of another process’s vote within a second', async () => {
    const { open } = storeFolder();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const [waiting, answering] = [open(), open()];
    await waiting.create(draftOf('a', { expiresMs: 3_600_000 }), 'a');
    const states: unknown[] = [];
    const look = async (): Promise<unknown> => states.push((await waiting.get('a'))?.state);
    const leave = waiting.subscribe?.(() => void look());
    await answering.vote('a', voteOf('ann'), 1);
    expect(states).toEqual([]);
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(states).toEqual(['approved']));
    leave?.();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('keeps no process alive that has nothing else to do', async () => {
    const { open, path, key } = storeFolder();
    open();
    const { code, output } = await run(process.execPath, [listener, path, key.toString('hex')]);
    expect({ code, output }).toEqual({ code: 0, output: 'listening\n' });
  });
});
