import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';

import { expectRefusal, never, thrownBy, turn } from '../test/harness.ts';
import type { ApprovalRequest } from './approvals/approver.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { allowAll } from './policy/allow-all.ts';

const CORE = new URL('../dist/index.js', import.meta.url).href;

/** Runs a program on the built package, in a process of its own that has to end by itself. */
async function program(source: string): Promise<string> {
  const text = `import { allowAll, createGuard } from ${JSON.stringify(CORE)};\n${source}`;
  const child = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', text], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    // Far beyond any machine's start-up, and far below the time limits that must not hold it.
    timeout: 45_000,
    killSignal: 'SIGKILL',
  });
  const { stdout } = await child;
  return stdout.trim();
}

describe('a process with a guard ends by itself', () => {
  it('after calls with hooks of 10 minutes and an ask of 30 days', async () => {
    const output = await program(`
      const days = 24 * 60 * 60_000;
      const guard = createGuard({
        policy: async () => 'ask',
        policyTimeoutMs: 600_000,
        storeTimeoutMs: 600_000,
        approvalTimeoutMs: 30 * days,
        approvalExpiresMs: 30 * days,
        approver: async () => 'approve',
        timeoutMs: 30 * days,
        hooks: { timeoutMs: 600_000, rewrite: async () => undefined, preTool: async () => undefined, postTool: async () => undefined },
      });
      const { signal } = new AbortController();
      console.log(await guard.call({ tool: 'read', args: {}, context: { signal } }, async () => 'ran'));
    `);
    expect(output).toBe('ran');
  });

  it('after aborted calls whose hook, policy, approver and body never settle', async () => {
    const output = await program(`
      const hour = 3_600_000;
      const never = () => new Promise(() => undefined);
      const times = { policyTimeoutMs: hour, storeTimeoutMs: hour, approvalTimeoutMs: hour, timeoutMs: hour };
      const guards = [
        createGuard({ ...times, policy: never }),
        createGuard({ ...times, policy: () => 'ask', approver: never }),
        createGuard({ ...times, policy: allowAll(), hooks: { timeoutMs: hour, preTool: never } }),
        createGuard({ ...times, policy: allowAll() }),
      ];
      for (const guard of guards) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(new Error('left')), 1);
        await guard
          .call({ tool: 'read', args: {}, context: { signal: controller.signal } }, never)
          .catch((error) => console.log(error.code ?? error.message));
      }
    `);
    expect(output.split('\n')).toEqual(['aborted', 'aborted', 'aborted', 'left']);
  });

  it('although an approval is open that nobody answers, and a stream that nobody drains', async () => {
    const output = await program(`
      const guard = createGuard({ policy: (call) => (call.tool.name === 'pay' ? 'ask' : 'allow'), timeoutMs: 3_600_000 });
      await guard.tool({ name: 'pay' }).open({ id: 'a', args: {} });
      const stream = await guard.call({ tool: 'watch', args: {} }, async function* () { yield 1; yield 2; });
      console.log((await stream.next()).value);
      await guard.call({ tool: 'watch', args: {} }, async function* () { yield 1; });
    `);
    expect(output).toBe('1');
  });

  it('and stays alive for as long as something is really waited for', async () => {
    const output = await program(`
      const guard = createGuard({ policy: () => new Promise(() => undefined), policyTimeoutMs: 300 });
      await guard.call({ tool: 'read', args: {} }, () => 1).catch((error) => console.log(error.code));
    `);
    expect(output).toBe('policy_error');
  });

  it('although nothing was waited for a moment ago', async () => {
    const output = await program(`
      const hasty = createGuard({ policy: async () => 'allow', policyTimeoutMs: 200 });
      await hasty.call({ tool: 'read', args: {} }, () => 1);
      const patient = createGuard({ policy: () => new Promise(() => undefined), policyTimeoutMs: 400 });
      await patient.call({ tool: 'read', args: {} }, () => 1).catch((error) => console.log(error.code));
    `);
    expect(output).toBe('policy_error');
  });
});

describe('the signal of a call has no listener left', () => {
  const kinds: ReadonlyArray<readonly [string, GuardOptions]> = [
    ['allowed at once', { policy: allowAll() }],
    [
      'allowed by an asynchronous policy',
      {
        policy: async () => 'allow' as const,
        hooks: { preTool: async () => undefined, postTool: async () => undefined },
      },
    ],
    ['denied', { policy: async () => 'deny' as const }],
    ['approved', { policy: () => 'ask', approver: async () => 'approve' as const }],
    ['denied by a person', { policy: () => 'ask', approver: async () => 'deny' as const }],
    ['given a time limit', { policy: async () => 'allow' as const, timeoutMs: 60_000 }],
    ['failing at a hook', { policy: allowAll(), hooks: { preTool: () => never(), timeoutMs: 5 } }],
  ];

  it.each(kinds)('after a call that was %s', async (_, options) => {
    const { signal } = new AbortController();
    const guard = createGuard(options);
    const request = { tool: 'read', args: {}, context: { signal } };
    for (let i = 0; i < 20; i += 1) {
      await guard.call(request, async () => 'text').catch(() => undefined);
      await guard.decide(request);
      await guard.enforce(request).catch(() => undefined);
      await guard.tool({ name: 'read' }).open({ args: {}, context: { signal } });
    }
    await guard.close();
    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });

  it('after a body that failed or was given up', async () => {
    const { signal } = new AbortController();
    const guard = createGuard({ policy: allowAll(), timeoutMs: 5, context: { signal } });
    await thrownBy(() =>
      guard.call({ tool: 'read', args: {} }, () => Promise.reject(new Error('no'))),
    );
    await thrownBy(() =>
      guard.call({ tool: 'read', args: {} }, () => {
        throw new Error('no');
      }),
    );
    await expectRefusal(() => guard.call({ tool: 'read', args: {} }, () => never()), 'timeout');
    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });

  it('between the chunks of a stream, drained or not', async () => {
    const { signal } = new AbortController();
    const guard = createGuard({ policy: async () => 'allow' as const, context: { signal } });
    const open = (): Promise<AsyncGenerator<number>> =>
      guard.call({ tool: 'watch', args: {} }, async function* () {
        yield 1;
        yield 2;
      });
    await open();
    const half = await open();
    await half.next();
    expect(getEventListeners(signal, 'abort').length).toBe(0);
    for await (const _ of await open()) expect(getEventListeners(signal, 'abort').length).toBe(0);
    for await (const _ of await open()) break;
    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });

  it('after an approver kept what it was asked, and comes back to it', async () => {
    const { signal } = new AbortController();
    let kept: ApprovalRequest | undefined;
    const guard = createGuard({
      policy: () => 'ask',
      context: { signal },
      approver: (request) => {
        kept = request;
        return 'deny';
      },
    });
    await expectRefusal(
      () => guard.call({ tool: 'pay', args: { password: 'x' } }, () => 1),
      'approval_denied',
    );
    await expectRefusal(() => kept?.reveal(), 'approval_denied');
    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });
});

describe('nothing that fails behind a call is left unhandled', () => {
  it('whatever fails, at once or later, and whoever is told', async () => {
    const unhandled = vi.fn<(error: unknown) => void>();
    process.on('unhandledRejection', unhandled);
    const later = async (): Promise<never> => {
      await turn();
      throw new Error('much later');
    };
    const guards = [
      createGuard({ policy: later, policyTimeoutMs: 1 }),
      createGuard({ policy: allowAll(), hooks: { preTool: later, timeoutMs: 1 } }),
      createGuard({ policy: allowAll(), hooks: { postTool: later, onEvent: later } }),
      createGuard({ policy: () => 'ask', approver: later, approvalTimeoutMs: 1 }),
      createGuard({ policy: allowAll(), timeoutMs: 1 }),
      createGuard({
        policy: allowAll(),
        logger: {
          info: () => {
            throw new Error('logger');
          },
          warn: () => {
            throw new Error('logger');
          },
        },
        hooks: { postTool: later, onEvent: later },
      }),
    ];
    for (const guard of guards) {
      await guard.call({ tool: 'read', args: {} }, later).catch(() => undefined);
      const signal = AbortSignal.abort();
      await guard
        .call({ tool: 'read', args: {}, context: { signal } }, later)
        .catch(() => undefined);
    }
    for (const guard of guards) await guard.close();
    for (let i = 0; i < 5; i += 1) await turn();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
