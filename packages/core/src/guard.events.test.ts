import { describe, expect, expectTypeOf, it, vi } from 'vitest';

import { eventsOf, expectRefusal, refusalOf, storyOf, thrownBy, turn } from '../test/harness.ts';
import type { Effect } from './decision.ts';
import type { GuardErrorCode } from './errors.ts';
import type { GuardEvent, GuardEventName } from './events.ts';
import { memoryApprovals } from './approvals/memory.ts';
import { createGuard, type Guard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { allowAll } from './policy/allow-all.ts';
import { perUser } from './policy/selector.ts';
import { staticSecrets } from './secrets.ts';

const who = { principal: { id: 'alice', tenant: 'acme' }, session: 's1', agent: 'bot' };

async function heardDuring(
  options: GuardOptions,
  run: (guard: Guard) => unknown,
): Promise<readonly GuardEvent[]> {
  const guard = createGuard({ context: who, ...options });
  const heard = eventsOf(guard);
  await run(guard);
  return heard;
}

const typesOf = (heard: readonly GuardEvent[]): readonly string[] => heard.map(({ type }) => type);

describe('events are told in the order of the pipeline', () => {
  it('for a call that is allowed', async () => {
    const heard = await heardDuring({ policy: allowAll() }, (guard) =>
      guard.call({ tool: 'read', args: { path: 'a' } }, () => 'text'),
    );
    expect(typesOf(heard)).toEqual(['call', 'audit', 'decision', 'start', 'audit', 'end']);
    const [call, allowed, decision, start, , end] = heard;
    expect(call).toMatchObject({
      args: { path: 'a' },
      tool: { source: 'app', name: 'read' },
      user: 'alice',
      tenant: 'acme',
      session: 's1',
      agent: 'bot',
    });
    expect(allowed).toMatchObject({ action: 'tool.allow', seq: 1 });
    expect(decision).toMatchObject({
      effect: 'allow',
      reason: 'everything is allowed',
      args: { path: 'a' },
    });
    expect(end).toMatchObject({
      status: 'ok',
      result: 'text',
      attempt: (start as { attempt: string }).attempt,
    });
    expect(new Set(heard.map(({ rid }) => rid)).size).toBe(1);
  });

  it('for a call that is denied', async () => {
    const policy = (): { effect: 'deny'; reason: string; rule: string } => ({
      effect: 'deny',
      reason: 'closed',
      rule: 'r1',
    });
    const heard = await heardDuring({ policy }, (guard) =>
      thrownBy(() => guard.call({ tool: 'read', args: {} }, () => 1)),
    );
    expect(typesOf(heard)).toEqual(['call', 'audit', 'decision', 'error']);
    expect(heard[2]).toMatchObject({
      effect: 'deny',
      reason: 'closed',
      rule: 'r1',
      code: 'denied',
    });
    expect(heard[3]).toMatchObject({ code: 'denied', message: 'closed' });
  });

  it('for a call that a person approves', async () => {
    const heard = await heardDuring({ policy: () => 'ask', approver: () => 'approve' }, (guard) =>
      guard.call({ tool: 'pay', args: {} }, () => 1),
    );
    expect(typesOf(heard.filter(({ type }) => type !== 'audit'))).toEqual([
      'call',
      'decision',
      'approval.requested',
      'approval.resolved',
      'decision',
      'start',
      'end',
    ]);
    expect(heard.flatMap((event) => (event.type === 'decision' ? [event.effect] : []))).toEqual([
      'ask',
      'allow',
    ]);
  });

  it('for a call that a person denies', async () => {
    const heard = await heardDuring({ policy: () => 'ask', approver: () => 'deny' }, (guard) =>
      thrownBy(() => guard.call({ tool: 'pay', args: {} }, () => 1)),
    );
    expect(typesOf(heard.filter(({ type }) => type !== 'audit'))).toEqual([
      'call',
      'decision',
      'approval.requested',
      'approval.resolved',
      'decision',
      'error',
    ]);
    const requested = heard.find(({ type }) => type === 'approval.requested') as { aid: string };
    expect(heard.find(({ type }) => type === 'approval.resolved')).toMatchObject({
      state: 'denied',
      aid: requested.aid,
    });
  });

  it('for a body that fails: the error comes before the end', async () => {
    const heard = await heardDuring({ policy: allowAll() }, (guard) =>
      thrownBy(() =>
        guard.call({ tool: 'read', args: {} }, () => Promise.reject(new Error('no file'))),
      ),
    );
    expect(typesOf(heard).slice(-3)).toEqual(['audit', 'error', 'end']);
    expect(heard.at(-2)).toMatchObject({ message: 'no file', code: undefined });
    expect(heard.at(-1)).toMatchObject({ status: 'error' });
  });

  it('for a call that stops at the gate: it was allowed, and did not start', async () => {
    const heard = await heardDuring(
      { policy: allowAll(), stopSwitch: { stopped: () => 'maintenance' } },
      (guard) => thrownBy(() => guard.call({ tool: 'read', args: {} }, () => 1)),
    );
    expect(typesOf(heard)).toEqual(['call', 'audit', 'decision', 'audit', 'error', 'end']);
    expect(heard.at(-2)).toMatchObject({ code: 'stopped' });
    expect(heard.at(-1)).toMatchObject({ status: 'not-started' });
  });

  it('for a check, which is a decision and no more', async () => {
    const heard = await heardDuring({ policy: () => 'ask' }, (guard) =>
      guard.decide({ tool: 'pay', args: {} }),
    );
    expect(typesOf(heard)).toEqual(['call', 'decision']);
  });

  it('for a change of the policy', async () => {
    const policy = perUser({ default: () => 'deny' });
    const heard = await heardDuring({ policy }, () => policy.set('alice', allowAll()));
    expect(typesOf(heard)).toEqual(['audit', 'policy.changed']);
    expect(heard[1]).toMatchObject({ policy: 'perUser' });
  });

  it('post-tool hooks are done before the end is told', async () => {
    const order: string[] = [];
    const guard = createGuard({
      policy: allowAll(),
      hooks: {
        postTool: async () => {
          await turn();
          order.push('post');
        },
      },
    });
    guard.on('end', () => order.push('end'));
    await guard.call({ tool: 'read', args: {} }, async () => 1);
    expect(order).toEqual(['post', 'end']);
  });
});

describe('a listener', () => {
  it('is told until it is undone, however often that is done', async () => {
    const guard = createGuard({ policy: allowAll() });
    const first: string[] = [];
    const second: string[] = [];
    const listener = (): unknown => first.push('told');
    const undo = guard.on('end', listener);
    const undoAgain = guard.on('end', listener);
    guard.on('end', () => second.push('told'));
    await guard.call({ tool: 'read', args: {} }, () => 1);
    expect([first.length, second.length]).toEqual([2, 1]);
    undo();
    undo();
    await guard.call({ tool: 'read', args: {} }, () => 1);
    expect([first.length, second.length]).toEqual([3, 2]);
    undoAgain();
    await guard.call({ tool: 'read', args: {} }, () => 1);
    expect([first.length, second.length]).toEqual([3, 3]);
  });

  it('gets frozen copies, and events of its own kind', async () => {
    const guard = createGuard({ policy: allowAll() });
    guard.on('call', (event) => {
      expect(event.type).toBe('call');
      expect(() => Object.assign(event, { args: 1 })).toThrow(TypeError);
      expect(() => Object.assign(event.args as object, { path: 'b' })).toThrow(TypeError);
    });
    expect(await guard.call({ tool: 'read', args: { path: 'a' } }, (args) => args)).toEqual({
      path: 'a',
    });
    expect.assertions(4);
  });

  it.each<readonly [string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws something odd',
      () => {
        throw Object.create(null);
      },
    ],
    [
      'gives a promise that throws when it is looked at',
      () => ({
        // eslint-disable-next-line unicorn/no-thenable -- that is what is tested
        get then() {
          throw new Error('broken');
        },
      }),
    ],
  ])(
    'that %s disturbs neither the call nor other listeners, and the logger is told',
    async (_, listener) => {
      const warnings: string[] = [];
      const guard = createGuard({
        policy: allowAll(),
        logger: { info: () => undefined, warn: (text) => void warnings.push(text) },
      });
      const other = vi.fn<() => void>();
      for (const name of ['call', 'decision', 'start', 'end', 'audit'] as const) {
        guard.on(name, listener);
        guard.on(name, other);
      }
      expect(await guard.call({ tool: 'read', args: {} }, () => 'text')).toBe('text');
      await turn();
      expect(other).toHaveBeenCalledTimes(6);
      expect(warnings).toHaveLength(6);
      expect(warnings[0]).toContain('a listener failed');
    },
  );

  it('is not waited for', async () => {
    const guard = createGuard({ policy: allowAll() });
    guard.on('start', () => new Promise(() => undefined));
    expect(await guard.call({ tool: 'read', args: {} }, () => 'text')).toBe('text');
  });

  it('is spared an event that cannot be made, and the call goes on', async () => {
    const warnings: string[] = [];
    const guard = createGuard({
      policy: allowAll(),
      logger: { info: () => undefined, warn: (text) => void warnings.push(text) },
    });
    guard.on('end', (event) => void JSON.stringify(event));
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(await guard.call({ tool: 'read', args: {} }, () => [proxy] as unknown)).toEqual(
      expect.anything(),
    );
  });
});

describe('hooks that are added while the guard is in use', () => {
  it('take part until they are undone, each registration on its own', async () => {
    const guard = createGuard({ policy: allowAll() });
    const seen: string[] = [];
    const hooks = {
      preTool: () => void seen.push('checked'),
      onEvent: () => void seen.push('told'),
    };
    const undo = guard.hook(hooks);
    const undoAgain = guard.hook(hooks);
    await guard.decide({ tool: 'read', args: {} });
    expect(seen.filter((one) => one === 'checked')).toHaveLength(2);
    seen.length = 0;
    undo();
    undo();
    await guard.decide({ tool: 'read', args: {} });
    expect(seen.filter((one) => one === 'checked')).toHaveLength(1);
    seen.length = 0;
    undoAgain();
    await guard.decide({ tool: 'read', args: {} });
    expect(seen).toEqual([]);
  });

  it('count for guards that share it, and for tools that were guarded before', async () => {
    const guard = createGuard({ policy: allowAll() });
    const tool = guard.with({ session: 's1' }).tool({ name: 'read' });
    expect(tool.fixed()?.effect).toBe('allow');
    guard.hook({ preTool: () => 'deny' });
    expect(tool.fixed()).toBeUndefined();
    expect(await tool.decide({ args: {} })).toMatchObject({ effect: 'deny' });
  });

  it('check in their order: the first denial ends it', async () => {
    const seen: string[] = [];
    const guard = createGuard({
      policy: () => {
        seen.push('policy');
        return 'allow';
      },
      hooks: [
        { preTool: () => void seen.push('a') },
        {
          preTool: () => {
            seen.push('b');
            return { effect: 'deny', reason: 'b says no', rule: 'b' };
          },
        },
        {
          preTool: () => {
            seen.push('c');
            return 'deny';
          },
        },
      ],
    });
    const error = await refusalOf(() => guard.call({ tool: 'read', args: {} }, () => 1));
    expect(error).toMatchObject({ code: 'denied', rule: 'b' });
    expect(seen).toEqual(['a', 'b']);
  });

  it('may ask, but never allow what the policy does not', async () => {
    const asking = createGuard({
      policy: allowAll(),
      hooks: { preTool: () => ({ effect: 'ask', reason: 'odd hour' }) },
    });
    const error = await expectRefusal(
      () => asking.call({ tool: 'read', args: {} }, () => 1),
      'approval_required',
    );
    expect(error.message).toContain('odd hour');
    const allowing = createGuard({ policy: () => 'deny', hooks: { preTool: () => 'allow' } });
    await expectRefusal(() => allowing.call({ tool: 'read', args: {} }, () => 1), 'denied');
  });

  it('may demand something of an allowed call', async () => {
    const guard = createGuard({
      policy: allowAll(),
      hooks: {
        preTool: () => ({ effect: 'allow', obligations: [{ type: 'cap', characters: 2 }] }),
      },
    });
    expect(await guard.call({ tool: 'read', args: {} }, () => 'text')).toBe(
      'te… [2 characters withheld]',
    );
  });

  it('of the framework restrict likewise', async () => {
    const guard = createGuard({ policy: allowAll() });
    const demand = { effect: 'ask', reason: 'the tool itself needs approval' } as const;
    const error = await expectRefusal(
      () => guard.call({ tool: 'read', args: {}, demands: [demand] }, () => 1),
      'approval_required',
    );
    expect(error.message).toContain('the tool itself needs approval');
    const denied = createGuard({ policy: () => 'deny' });
    await expectRefusal(
      () => denied.call({ tool: 'read', args: {}, demands: ['allow'] }, () => 1),
      'denied',
    );
  });
});

describe('the logger', () => {
  it('is told of denials, with the tool and what to do, and made safe to print', async () => {
    const lines: unknown[] = [];
    const guard = createGuard({
      policy: () => ({
        effect: 'deny',
        reason: 'no\u001b[2J \u202egnp.exe sk-1234567890abcdefghij',
      }),
      logger: { info: (text, fields) => void lines.push([text, fields]), warn: () => undefined },
    });
    const error = await refusalOf(() => guard.call({ tool: 'read', args: {} }, () => 1));
    expect(lines).toEqual([[error.message, { rid: error.rid, code: 'denied' }]]);
    expect(error.message).toContain(
      'read: denied: no\\u{1b}[2J \\u{202e}gnp.exe [redacted]; do not call it again',
    );
  });

  it('is told of failures without secrets and control characters, whoever failed', async () => {
    const lines: string[] = [];
    const guard = createGuard({
      policy: allowAll(),
      hooks: {
        postTool: () => {
          throw new Error('\u001b[31m password of sk-1234567890abcdefghij');
        },
      },
      logger: { info: () => undefined, warn: (text) => void lines.push(text) },
    });
    await guard.call({ tool: 'read', args: {} }, async () => 1);
    expect(lines).toEqual(['read: a post-tool hook failed: \\u{1b}[31m password of [redacted]']);
  });

  it('that fails is no reason to fail a call', async () => {
    const broken = (): never => {
      throw new Error('no disk');
    };
    const guard = createGuard({
      policy: (call) => (call.tool.name === 'read' ? 'allow' : 'deny'),
      hooks: { postTool: broken },
      logger: { info: broken, warn: broken },
    });
    expect(await guard.call({ tool: 'read', args: {} }, async () => 'text')).toBe('text');
    await expectRefusal(() => guard.call({ tool: 'pay', args: {} }, () => 1), 'denied');
  });
});

describe('every event of a call', () => {
  it('carries the id by which the framework knows the call, and so does its approval', async () => {
    const approvals = memoryApprovals();
    const guard = createGuard({ policy: () => 'ask', approvals, approver: () => 'approve' });
    const heard = eventsOf(guard);
    await guard.call({ tool: 'read', id: 'call_7', args: {} }, () => 1);
    const calls = heard.filter(({ type }) => type !== 'audit').map(({ call }) => call);
    expect(calls.length).toBeGreaterThan(4);
    expect(new Set(calls)).toEqual(new Set(['call_7']));
    expect(await approvals.list({})).toMatchObject([{ call: 'call_7' }]);
  });
});

describe('everything that is told is redacted', () => {
  it('arguments, reasons, chunks, results and errors alike', async () => {
    const secret = 'super-secret-value';
    const guard = createGuard({
      policy: () => ({ effect: 'allow', reason: 'token sk-1234567890abcdefghij is fine' }),
      secrets: staticSecrets({ KEY: secret }),
    });
    const heard = eventsOf(guard);
    const request = { tool: 'fetch', args: { password: 'hunter2', n: 1 }, secrets: ['KEY'] };
    await guard.call(request, async (_args, { secrets }) => ({
      echoed: `it is ${secrets['KEY'] ?? ''}`,
    }));
    await thrownBy(() =>
      guard.call(request, (_args, { secrets }) =>
        Promise.reject(new Error(`failed with ${secrets['KEY'] ?? ''}`)),
      ),
    );
    const stream = (await guard.call(request, async function* (_args, { secrets }) {
      yield secrets['KEY'];
    })) as AsyncGenerator;
    for await (const chunk of stream) expect(chunk).toBe('[redacted]');
    guard.hook({ preTool: () => ({ effect: 'deny', reason: `no sk-1234567890abcdefghij` }) });
    await thrownBy(() => guard.call(request, () => 1));
    const told = JSON.stringify(heard);
    expect(told).not.toContain(secret);
    expect(told).not.toContain('hunter2');
    expect(told).not.toContain('sk-1234567890');
    expect(told).toContain('[redacted]');
    const stored = JSON.stringify(await guard.audit?.query());
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain('hunter2');
    expect(stored).not.toContain('sk-1234567890');
    expect((await storyOf(guard)).length).toBe(7);
  });
});

it('events and listeners are typed by their name', () => {
  const guard = createGuard({ policy: allowAll() });
  guard.on('decision', (event) => {
    expectTypeOf(event.effect).toEqualTypeOf<Effect>();
    expectTypeOf(event.code).toEqualTypeOf<GuardErrorCode | undefined>();
    expectTypeOf(event.type).toEqualTypeOf<'decision'>();
  });
  guard.on('progress', (event) => {
    expectTypeOf(event.chunk).toEqualTypeOf<unknown>();
  });
  // @ts-expect-error -- there is no such event
  guard.on('finished', () => undefined);
  expectTypeOf<Parameters<Guard['on']>[0]>().toEqualTypeOf<GuardEventName>();
  expectTypeOf<ReturnType<Guard['on']>>().toEqualTypeOf<() => void>();
});
