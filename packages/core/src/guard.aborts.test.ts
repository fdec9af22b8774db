import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import {
  auditThrough,
  emptyFlow,
  expectRefusal,
  expectVerified,
  never,
  storyOf,
  thrownBy,
  turn,
} from '../test/harness.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { AuditLog } from './audit/log.ts';
import { memoryAudit } from './audit/memory.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { memoryLabels } from './labels.ts';
import { memoryLimits } from './limits/memory.ts';
import { allowAll } from './policy/allow-all.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';
import type { ToolSchema } from './schema.ts';
import type { ToolSpec } from './tool.ts';

interface Step {
  readonly options: GuardOptions;
  readonly spec?: Omit<ToolSpec, 'name'>;
}

const limited = { effect: 'allow', limits: [{ id: 'x', max: 1, windowMs: 60_000 }] } as const;

/** Every step that can wait, made to call `reached` and then to hang for ever. */
const STEPS: ReadonlyArray<readonly [string, (hang: () => Promise<never>) => Step]> = [
  [
    'while labels are read',
    (hang) => ({ options: { policy: allowAll(), labels: { ...memoryLabels(), get: hang } } }),
  ],
  [
    'while the data flow says what the session has seen',
    (hang) => ({ options: { policy: allowAll(), dataFlow: { ...emptyFlow(), session: hang } } }),
  ],
  [
    'while the data flow is told that the body starts',
    (hang) => ({ options: { policy: allowAll(), dataFlow: { ...emptyFlow(), starting: hang } } }),
  ],
  [
    'during a rewriting hook',
    (hang) => ({ options: { policy: allowAll(), hooks: { rewrite: hang } } }),
  ],
  [
    'while the schema parses',
    (hang) => ({
      options: { policy: allowAll() },
      spec: { schema: { '~standard': { validate: hang } } as ToolSchema },
    }),
  ],
  [
    'while the sandbox confines',
    (hang) => ({ options: { policy: allowAll(), sandbox: { ...noSandbox(), confine: hang } } }),
  ],
  [
    'during a checking hook',
    (hang) => ({ options: { policy: allowAll(), hooks: { preTool: hang } } }),
  ],
  ['during the policy', (hang) => ({ options: { policy: hang } })],
  [
    'while the ask is recorded',
    (hang) => ({
      options: {
        policy: () => 'ask',
        approver: () => 'approve',
        audit: auditThrough((action, keep) => (action === 'tool.ask' ? hang() : keep())),
      },
    }),
  ],
  [
    'while the approval is opened',
    (hang) => ({
      options: {
        policy: () => 'ask',
        approver: () => 'approve',
        approvals: { ...memoryApprovals(), create: hang },
      },
    }),
  ],
  ['during an ask', (hang) => ({ options: { policy: () => 'ask', approver: hang } })],
  [
    'during an ask after another approver has voted',
    (hang) => ({
      options: {
        policy: () => ({
          effect: 'ask',
          requirements: { votes: [{ kind: 'approvers', by: ['ann', 'ben'], quorum: 2 }] },
        }),
        approvals: (() => {
          const memory = memoryApprovals();
          return {
            ...memory,
            vote: async (aid: string, vote: never, version: number) =>
              memory.vote(aid, vote, version),
          };
        })(),
        approver: [
          { name: 'ann', voter: { id: 'ann' }, ask: () => 'approve' },
          {
            name: 'ben',
            voter: { id: 'ben' },
            ask: async () => {
              await turn();
              return hang();
            },
          },
        ],
      },
    }),
  ],
  [
    'while a vote is counted',
    (hang) => ({
      options: {
        policy: () => 'ask',
        approver: () => 'approve',
        approvals: { ...memoryApprovals(), vote: hang },
      },
    }),
  ],
  [
    'while the sandbox is checked',
    (hang) => ({
      options: { policy: allowAll(), sandbox: { ...noSandbox(), check: hang } },
      spec: { requires: { files: 'os' } },
    }),
  ],
  [
    'while limits are reserved',
    (hang) => ({
      options: { policy: () => limited, limits: { ...memoryLimits(), reserve: hang } },
    }),
  ],
  [
    'while the approval is consumed',
    (hang) => ({
      options: {
        policy: () => 'ask',
        approver: () => 'approve',
        approvals: { ...memoryApprovals(), consume: hang },
      },
    }),
  ],
  [
    'while the allow is recorded',
    (hang) => ({
      options: {
        policy: allowAll(),
        audit: auditThrough((action, keep) => (action === 'tool.allow' ? hang() : keep())),
      },
    }),
  ],
  [
    'while secrets are read',
    (hang) => ({
      options: { policy: allowAll(), secrets: { name: 'vault', get: hang } },
      spec: { secrets: ['KEY'] },
    }),
  ],
];

describe('an abort ends the call', () => {
  it('before it began: nothing is decided', async () => {
    let decided = false;
    const guard = createGuard({
      policy: () => {
        decided = true;
        return 'allow';
      },
    });
    const signal = AbortSignal.abort(new Error('user left'));
    const error = await expectRefusal(
      () => guard.call({ tool: 'pay', args: {}, context: { signal } }, () => 1),
      'aborted',
    );
    expect(error.cause).toBe(signal.reason);
    expect(decided).toBe(false);
    expect(await storyOf(guard)).toEqual(['tool.deny aborted']);
  });

  it.each(STEPS)('%s: at once, with nothing run and nobody listening any more', async (_, make) => {
    const reached = Promise.withResolvers<void>();
    const { options, spec } = make(() => {
      reached.resolve();
      return never();
    });
    const guard = createGuard(options);
    const controller = new AbortController();
    let ran = false;
    const calling = guard.call(
      { tool: 'pay', args: {}, context: { signal: controller.signal }, ...spec },
      () => {
        ran = true;
      },
    );
    const refused = expectRefusal(() => calling, 'aborted');
    await reached.promise;
    const reason = new Error('user left');
    controller.abort(reason);
    const error = await refused;
    expect(error.cause).toBe(reason);
    expect(ran).toBe(false);
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
    await expectVerified(guard);
  });

  it.each(STEPS)('%s: the log tells that nothing ran', async (_, make) => {
    const reached = Promise.withResolvers<void>();
    const hanging = Promise.withResolvers<never>();
    const { options, spec } = make(() => {
      reached.resolve();
      return hanging.promise;
    });
    const guard = createGuard(options);
    const controller = new AbortController();
    const calling = thrownBy(() =>
      guard.call(
        { tool: 'pay', args: {}, context: { signal: controller.signal }, ...spec },
        () => 1,
      ),
    );
    await reached.promise;
    controller.abort();
    await calling;
    // What was waited for fails at last: nobody is bothered by that.
    hanging.reject(new Error('much later'));
    await guard.close();
    const story = await storyOf(guard);
    expect(story.filter((line) => line.startsWith('tool.outcome ok'))).toEqual([]);
    expect(story.some((line) => line === 'tool.deny aborted' || line.includes('not-started'))).toBe(
      true,
    );
  });

  it('at the gate: what was allowed does not start', async () => {
    const controller = new AbortController();
    const audit = auditThrough((action, keep) => {
      if (action === 'tool.allow') controller.abort();
      return keep();
    });
    const guard = createGuard({ policy: allowAll(), audit });
    let ran = false;
    await expectRefusal(
      () =>
        guard.call({ tool: 'pay', args: {}, context: { signal: controller.signal } }, () => {
          ran = true;
        }),
      'aborted',
    );
    expect(ran).toBe(false);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome not-started aborted']);
  });

  it('while a sandbox prepares: the body does not start any more', async () => {
    const controller = new AbortController();
    const guard = createGuard({
      policy: allowAll(),
      sandbox: {
        ...noSandbox(),
        run: async (_call, { execute }) => {
          await turn();
          controller.abort();
          return execute();
        },
      },
    });
    let ran = false;
    await expectRefusal(
      () =>
        guard.call({ tool: 'pay', args: {}, context: { signal: controller.signal } }, () => {
          ran = true;
        }),
      'aborted',
    );
    expect(ran).toBe(false);
  });

  it('although the audit log hangs by then', async () => {
    const controller = new AbortController();
    const audit = auditThrough((action, keep) => (action === 'tool.deny' ? never() : keep()));
    const guard = createGuard({ policy: () => never(), audit });
    const calling = expectRefusal(
      () => guard.call({ tool: 'pay', args: {}, context: { signal: controller.signal } }, () => 1),
      'aborted',
    );
    controller.abort();
    await calling;
  });

  it('gives back what was reserved', async () => {
    const controller = new AbortController();
    let hang = true;
    const audit = auditThrough((action, keep) => {
      if (action !== 'tool.allow' || !hang) return keep();
      controller.abort();
      return never();
    });
    const guard = createGuard({ policy: () => limited, audit });
    await expectRefusal(
      () => guard.call({ tool: 'pay', args: {}, context: { signal: controller.signal } }, () => 1),
      'aborted',
    );
    hang = false;
    expect(await guard.call({ tool: 'pay', args: {} }, () => 'paid')).toBe('paid');
  });
});

describe('an abort while the body runs', () => {
  function running(
    body: (signal: AbortSignal | undefined) => unknown,
    options: Partial<GuardOptions> = {},
  ) {
    const guard = createGuard({ policy: allowAll(), ...options });
    const controller = new AbortController();
    const started = Promise.withResolvers<void>();
    const result = thrownBy(() =>
      guard.call(
        { tool: 'pay', args: {}, context: { signal: controller.signal } },
        (_args, { signal }) => {
          started.resolve();
          return body(signal);
        },
      ),
    );
    return { guard, controller, started: started.promise, result };
  }

  it('reaches a body that honours it: its own error is what the caller sees', async () => {
    const own = new Error('I stopped');
    const { guard, controller, started, result } = running(
      (signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(own));
        }),
    );
    await started;
    controller.abort(new Error('user left'));
    expect(await result).toBe(own);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome error']);
  });

  it('does not wait for a body that ignores it: the outcome is unknown, and late when it comes', async () => {
    const body = Promise.withResolvers<string>();
    const { guard, controller, started, result } = running(() => body.promise);
    await started;
    const reason = new Error('user left');
    controller.abort(reason);
    expect(await result).toBe(reason);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome unknown']);
    body.resolve('paid after all');
    await turn();
    expect(await storyOf(guard)).toEqual([
      'tool.allow',
      'tool.outcome unknown',
      'tool.outcome late',
    ]);
    await expectVerified(guard);
  });

  it('lets a body that ends well at once hand on its result', async () => {
    const guard = createGuard({ policy: allowAll() });
    const controller = new AbortController();
    const result = await guard.call(
      { tool: 'pay', args: {}, context: { signal: controller.signal } },
      async () => {
        controller.abort();
        return 'paid';
      },
    );
    expect(result).toBe('paid');
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome ok']);
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
  });

  it('does not wait for a log that hangs', async () => {
    const audit = auditThrough((action, keep) => (action === 'tool.outcome' ? never() : keep()));
    const { controller, started, result } = running(() => never(), { audit });
    await started;
    controller.abort('stop');
    expect(await result).toBe('stop');
  });

  it('does not wait for post-tool hooks either, but hands on what the body returned', async () => {
    const controller = new AbortController();
    const hooked = Promise.withResolvers<void>();
    const guard = createGuard({
      policy: allowAll(),
      hooks: {
        postTool: () => {
          hooked.resolve();
          return never();
        },
      },
    });
    const calling = guard.call(
      { tool: 'pay', args: {}, context: { signal: controller.signal } },
      async () => 'paid',
    );
    await hooked.promise;
    controller.abort();
    expect(await calling).toBe('paid');
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
  });

  it('withholds a result whose labels are not known to be kept', async () => {
    const controller = new AbortController();
    const adding = Promise.withResolvers<void>();
    const guard = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'label', labels: ['tainted'] }] }),
      labels: {
        ...memoryLabels(),
        add: () => {
          adding.resolve();
          return never();
        },
      },
    });
    const calling = expectRefusal(
      () =>
        guard.call(
          { tool: 'browse', args: {}, context: { signal: controller.signal } },
          async () => 'page',
        ),
      'result_withheld',
    );
    await adding.promise;
    controller.abort();
    await calling;
  });

  it('ends a stream between and during its chunks', async () => {
    const controller = new AbortController();
    const guard = createGuard({ policy: allowAll() });
    const cleaned: string[] = [];
    const stream = (await guard.call(
      { tool: 'watch', args: {}, context: { signal: controller.signal } },
      async function* () {
        try {
          yield 1;
          await never();
        } finally {
          cleaned.push('cleaned up');
        }
      },
    )) as AsyncGenerator<number>;
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    const next = thrownBy(() => stream.next());
    controller.abort('stop');
    expect(await next).toBe('stop');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome unknown']);
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
    expect(cleaned).toEqual([]); // It hangs, and nobody can reach into it.
  });
});

describe('a guard that is closed right after an abort', () => {
  it.each<[string, (signal: AbortSignal | undefined) => Promise<unknown>, string]>([
    [
      'a body that rejects at once',
      (signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('stopped')));
        }),
      'error',
    ],
    ['a body that does not care', never, 'unknown'],
  ])('has the outcome of %s in its log before the log is closed', async (_, body, status) => {
    const written: string[] = [];
    const audit: AuditLog = {
      ...memoryAudit(),
      async append(draft) {
        await Promise.resolve();
        if (written.includes('closed')) throw new Error('the log is closed');
        written.push(`${draft.action} ${draft.status ?? ''}`.trim());
        return { log: 'x', seq: written.length, hash: '', durability: 'memory' };
      },
      async close() {
        await Promise.resolve();
        written.push('closed');
      },
    };
    const guard = createGuard({ policy: allowAll(), audit });
    const controller = new AbortController();
    const started = Promise.withResolvers<void>();
    const call = thrownBy(() =>
      guard.call(
        { tool: 'read', args: {}, context: { signal: controller.signal } },
        (_args, run) => {
          started.resolve();
          return body(run.signal);
        },
      ),
    );
    await started.promise;
    controller.abort();
    await guard.close();
    await call;
    expect(written).toEqual(['tool.allow', `tool.outcome ${status}`, 'closed']);
  });
});

describe('a body that takes longer than it may', () => {
  it('is given up, told so through its signal, and audited as late when it acts after all', async () => {
    const guard = createGuard({ policy: allowAll() });
    const body = Promise.withResolvers<string>();
    let told: unknown;
    const error = await expectRefusal(
      () =>
        guard.call({ tool: 'pay', args: {}, timeoutMs: 10 }, (_args, { signal }) => {
          signal?.addEventListener('abort', () => {
            told = signal.reason;
          });
          return body.promise;
        }),
      'timeout',
    );
    expect(error.message).toContain('pay: it did not finish within 10 ms');
    expect(told).toBe(error);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome timeout timeout']);
    body.resolve('paid after all');
    await turn();
    expect((await storyOf(guard)).at(-1)).toBe('tool.outcome late');
    await expectVerified(guard);
  });

  it.each(['resolve', 'reject'] as const)('is audited as late when it %ss', async (how) => {
    const guard = createGuard({ policy: allowAll(), timeoutMs: 10 });
    const body = Promise.withResolvers<string>();
    await expectRefusal(() => guard.call({ tool: 'pay', args: {} }, () => body.promise), 'timeout');
    body[how]('x');
    await turn();
    const entries = (await guard.audit?.query({ action: 'tool.outcome' })) ?? [];
    expect(entries.at(-1)).toMatchObject({
      status: 'late',
      payload: { settled: how === 'resolve' ? 'ok' : 'error' },
    });
  });

  it('keeps what it reserved spent', async () => {
    const guard = createGuard({ policy: () => limited, timeoutMs: 10 });
    await expectRefusal(() => guard.call({ tool: 'pay', args: {} }, () => never()), 'timeout');
    await expectRefusal(() => guard.call({ tool: 'pay', args: {} }, () => 1), 'limit_exceeded');
  });

  it('keeps the signal of the caller, and adds the end of its time', async () => {
    const controller = new AbortController();
    const guard = createGuard({ policy: allowAll(), timeoutMs: 60_000 });
    const reason = await thrownBy(() =>
      guard.call(
        { tool: 'pay', args: {}, context: { signal: controller.signal } },
        async (_args, { signal }) => {
          controller.abort('caller');
          throw signal?.reason;
        },
      ),
    );
    expect(reason).toBe('caller');
  });
});
