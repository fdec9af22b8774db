import { createGuard } from '@guardstile/core';
import { tool } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  definitionPins,
  guardMcpClient,
  providerToolMiddleware,
  unguardedTripwire,
  withGuard,
} from './index.ts';
import { guardOptions } from './v7.ts';

const guard = createGuard({ policy: () => 'deny' });
const inputSchema = z.object({ path: z.string() });
const client = { close: () => undefined };

/** Calls it while every object has a field of that name. */
async function polluted<T>(field: string, value: unknown, act: () => T): Promise<Awaited<T>> {
  // eslint-disable-next-line no-extend-native -- that is what is tested, and undone below
  Object.defineProperty(Object.prototype, field, { value, configurable: true, writable: true });
  try {
    return await act();
  } finally {
    Reflect.deleteProperty(Object.prototype, field);
  }
}

describe('a polluted prototype', () => {
  it('has no definition accepted on first use', async () => {
    const pins = await polluted('firstUse', 'accept', () => definitionPins());
    const found = pins.observe('files', [{ name: 'read', inputSchema: {} }], true);
    expect(found).toMatchObject([{ tool: 'read', kind: 'new' }]);
  });

  it('lets nothing pass that a provider ran although it is denied', async () => {
    const middleware = await polluted('onDenied', 'audit', () => providerToolMiddleware(guard));
    const call = { type: 'tool-call', providerExecuted: true, toolName: 'code', toolCallId: '1' };
    const content = [{ ...call, input: '{}' }];
    const answer = middleware.wrapGenerate({ params: {}, doGenerate: async () => ({ content }) });
    await expect(answer).rejects.toMatchObject({ code: 'denied' });
  });

  it('makes the tripwire accept nothing', async () => {
    const options = { onUnguarded: 'refuse' } as const;
    const tripwire = await polluted('accept', ['rm'], () => unguardedTripwire(guard, options));
    let ran = false;
    const execute = async () => {
      ran = true;
    };
    const call = { callId: '1', toolCallId: '1', toolCall: { toolName: 'rm' }, execute };
    await expect(tripwire.executeTool(call)).rejects.toMatchObject({ code: 'tool_invalid' });
    expect(ran).toBe(false);
  });

  it('accepts no tool without a guard in guardOptions()', async () => {
    const rm = tool({ inputSchema, execute: async () => 'gone' });
    const { toolApproval } = guardOptions({ rm }, createGuard({ policy: () => 'allow' }));
    const toolCall = { toolName: 'rm', toolCallId: 'call-1', input: { path: '/' } };
    const call = { toolCall, tools: { rm }, messages: [] };
    const verdict = await polluted('acceptUnguarded', ['rm'], () => toolApproval(call));
    expect(verdict).toMatchObject({ type: 'denied' });
  });
});

describe('an option that nobody reads', () => {
  it.each<[string, () => unknown]>([
    ['withGuard()', () => withGuard({}, guard, { onUngarded: 'refuse' } as never)],
    ['guardOptions()', () => guardOptions({}, { guard, toolAproval: () => 'denied' } as never)],
    ['definitionPins()', () => definitionPins({ fistUse: 'refuse' } as never)],
    ['guardMcpClient()', () => guardMcpClient(client, guard, { source: 'a', pin: {} } as never)],
    ['providerToolMiddleware()', () => providerToolMiddleware(guard, { alow: [] } as never)],
    ['unguardedTripwire()', () => unguardedTripwire(guard, { onUngarded: 'refuse' } as never)],
  ])('is refused by %s, because a misspelt restriction restricts nothing', (_, act) => {
    expect(act).toThrow(expect.objectContaining({ code: 'options_invalid' }));
  });

  it('is a word that providerToolMiddleware() does not know', () => {
    expect(() => providerToolMiddleware(guard, { onDenied: 'Veto' as never })).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});
