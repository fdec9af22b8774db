import { describe, expect, it } from 'vitest';

import { entriesOf, expectRefusal, storyOf } from '../test/harness.ts';
import type { ToolCall } from './call.ts';
import { digest } from './digest.ts';
import { memoryApprovals } from './approvals/memory.ts';
import { createGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';
import { NO_GUARANTEES, type Guarantees } from './sandbox/guarantees.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';
import type { Sandbox } from './sandbox/sandbox.ts';

function within(root: string): Sandbox {
  return {
    ...noSandbox(),
    name: `within ${root}`,
    confine(call) {
      const { path } = call.confined as { path: string };
      const resolved = path.startsWith('/') ? path : `${root}/${path}`;
      if (!resolved.startsWith(`${root}/`)) return { refused: `${path} is outside ${root}` };
      return { args: { ...(call.confined as object), path: resolved } };
    },
  };
}

const proving = (proven: Partial<Guarantees>): Sandbox => ({
  ...noSandbox(),
  name: 'proven',
  check: async () => ({ ok: true, guarantees: { ...NO_GUARANTEES, ...proven } }),
});

describe('a sandbox that confines arguments', () => {
  it('decides what the tool receives; policies see where it came from and where it goes', async () => {
    const seen: ToolCall[] = [];
    const guard = createGuard({
      policy: (call) => {
        seen.push(call);
        return 'allow';
      },
      hooks: { preTool: (call) => void seen.push(call) },
      sandbox: within('/data'),
    });
    expect(await guard.call({ tool: 'read', args: { path: 'a' } }, (args) => args)).toEqual({
      path: '/data/a',
    });
    for (const { args, confined } of seen)
      expect([args, confined]).toEqual([{ path: 'a' }, { path: '/data/a' }]);
    const [allowed] = await entriesOf(guard);
    expect(allowed?.digest).toBe(digest('args', { path: '/data/a' }));
    expect(allowed?.args).toEqual({ path: '/data/a' });
  });

  it('refuses before anybody decides, and says why', async () => {
    let decided = false;
    const guard = createGuard({
      policy: () => {
        decided = true;
        return 'allow';
      },
      sandbox: within('/data'),
    });
    const error = await expectRefusal(
      () => guard.call({ tool: 'read', args: { path: '/etc/passwd' } }, () => 1),
      'sandbox_refused',
    );
    expect(error.message).toContain('/etc/passwd is outside /data');
    expect(decided).toBe(false);
    expect(await storyOf(guard)).toEqual(['tool.deny sandbox_refused']);
  });

  it('confines again after an approval, starting over from what was asked for', async () => {
    const seen: unknown[] = [];
    const confining = within('/data');
    const guard = createGuard({
      policy: () => 'ask',
      approver: () => 'approve',
      sandbox: {
        ...confining,
        confine: (call) => {
          seen.push(call.confined);
          return confining.confine?.(call) as never;
        },
      },
    });
    expect(await guard.call({ tool: 'read', args: { path: 'a' } }, (args) => args)).toEqual({
      path: '/data/a',
    });
    expect(seen).toEqual([{ path: 'a' }, { path: 'a' }]);
  });

  it('is one of several: all of them confine, in their order', async () => {
    const guard = createGuard({
      policy: allowAll(),
      sandbox: [within('/data'), within('/data/tenant')],
    });
    await expectRefusal(
      () => guard.call({ tool: 'read', args: { path: 'a' } }, () => 1),
      'sandbox_refused',
    );
    const args = { path: 'tenant/a' };
    expect(await guard.call({ tool: 'read', args }, (given) => given)).toEqual({
      path: '/data/tenant/a',
    });
  });

  it('runs what it confines, around the body', async () => {
    const order: string[] = [];
    const guard = createGuard({
      policy: allowAll(),
      sandbox: {
        ...noSandbox(),
        run: async (call, { execute, context, signal }) => {
          order.push(`enter ${call.tool.name}`, String(context.session), typeof signal);
          const result = await execute();
          order.push('leave');
          return result;
        },
      },
      context: { session: 's1' },
    });
    expect(await guard.call({ tool: 'read', args: {} }, () => 'text')).toBe('text');
    expect(order).toEqual(['enter read', 's1', 'undefined', 'leave']);
  });

  it('is in the log with what it guarantees, and one that does not work lets nothing run', async () => {
    const guard = createGuard({ policy: allowAll(), sandbox: proving({ files: 'args' }) });
    await guard.call({ tool: 'read', args: {} }, () => 'text');
    const [allowed] = await entriesOf(guard);
    expect(allowed?.sandbox).toMatchObject({ name: 'proven', guarantees: { files: 'args' } });

    const broken: Sandbox = {
      ...noSandbox(),
      name: 'broken',
      check: () => ({ ok: false, reason: 'no bwrap' }),
    };
    let ran = false;
    const refusing = createGuard({ policy: allowAll(), sandbox: broken });
    const { message } = await expectRefusal(
      () => refusing.call({ tool: 'read', args: {} }, () => (ran = true)),
      'sandbox_unavailable',
    );
    expect(message).toContain('no bwrap');
    expect(ran).toBe(false);
  });

  it('may run a tool elsewhere, without its body', async () => {
    const guard = createGuard({
      policy: allowAll(),
      sandbox: { ...noSandbox(), run: async () => 'from elsewhere' },
    });
    let ran = false;
    const result = await guard.call({ tool: 'read', args: {} }, () => {
      ran = true;
    });
    expect([result, ran]).toEqual(['from elsewhere', false]);
  });
});

describe('what is required of a sandbox', () => {
  it('by the policy has to be proven before anything runs', async () => {
    const requiring = {
      policy: () => ({ effect: 'allow', conditions: { sandbox: { files: 'os' } } }) as const,
    };
    const error = await expectRefusal(
      () => createGuard(requiring).call({ tool: 'read', args: {} }, () => 1),
      'sandbox_unavailable',
    );
    expect(error.message).toContain(
      'it requires files: "os", and the sandbox "none" guarantees "none"',
    );
    const guard = createGuard({ ...requiring, sandbox: proving({ files: 'os' }) });
    expect(await guard.call({ tool: 'read', args: {} }, () => 'text')).toBe('text');
  });

  it('by the tool counts too, and the stronger of both holds', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'allow', conditions: { sandbox: { files: 'runtime' } } }),
      sandbox: proving({ files: 'runtime', network: 'args' }),
    });
    const call = (requires: Partial<Guarantees>): Promise<number> =>
      guard.call({ tool: 'read', args: {}, requires }, () => 1);
    expect(await call({ network: 'args' })).toBe(1);
    await expectRefusal(() => call({ files: 'os' }), 'sandbox_unavailable');
    await expectRefusal(() => call({ network: 'os' }), 'sandbox_unavailable');
    await expectRefusal(() => call({ disks: 'os' } as never), 'sandbox_unavailable');
    await expectRefusal(() => call({ files: 'total' as never }), 'sandbox_unavailable');
  });

  it('is refused before an approval is used up or a limit is touched', async () => {
    const guard = createGuard({
      policy: () => ({
        effect: 'ask',
        conditions: { sandbox: { files: 'os' } },
        limits: [{ id: 'x', max: 1, windowMs: 60_000 }],
      }),
      approver: () => 'approve',
    });
    await expectRefusal(
      () => guard.call({ tool: 'read', args: {} }, () => 1),
      'sandbox_unavailable',
    );
    expect(await storyOf(guard)).toEqual([
      'tool.ask',
      'approval.approve',
      'tool.deny sandbox_unavailable',
    ]);
  });

  it('may be done without where somebody says so, and the log says that it was', async () => {
    const requires = { files: 'args', memory: 'os', cpu: 'os' } as const;
    const options = {
      policy: allowAll(),
      sandbox: proving({ files: 'args' }),
      tools: { read: { requires } },
    };
    const some = createGuard({ ...options, allowWeaker: ['memory'] });
    await expectRefusal(
      () => some.call({ tool: 'read', args: {} }, () => 'text'),
      'sandbox_unavailable',
    );
    const both = createGuard({ ...options, allowWeaker: ['memory', 'cpu'] });
    expect(await both.call({ tool: 'read', args: {} }, () => 'text')).toBe('text');
    const [allowed] = await entriesOf(both);
    expect(allowed?.sandbox).toMatchObject({
      guarantees: { files: 'args', memory: 'none' },
      weaker: { memory: 'os', cpu: 'os' },
    });
    expect(() => createGuard({ ...options, allowWeaker: ['ram' as never] })).toThrow(/allowWeaker/);
  });

  it('is not given by a sandbox that does not run the call, because another one does', async () => {
    const elsewhere: Sandbox = { ...proving({ files: 'runtime' }), takes: () => true };
    const guard = createGuard({
      policy: allowAll(),
      sandbox: [elsewhere, { ...proving({ network: 'os' }), name: 'around' }],
      tools: { send: { requires: { network: 'os' } } },
    });
    await expectRefusal(
      () => guard.call({ tool: 'send', args: {} }, () => 'sent'),
      'sandbox_unavailable',
    );
    await guard.call({ tool: 'read', args: {} }, () => 'text');
    const allowed = (await entriesOf(guard)).find(({ action }) => action === 'tool.allow');
    expect(allowed?.sandbox).toMatchObject({ guarantees: { files: 'runtime', network: 'args' } });
  });

  it('is not there for a call that its sandbox does not take', async () => {
    const some = {
      ...proving({ files: 'os' }),
      takes: ({ tool }: ToolCall) => tool.name === 'read',
    };
    const guard = createGuard({
      policy: allowAll(),
      sandbox: [some, proving({ network: 'args' })],
    });
    const call = (tool: string, requires: Partial<Guarantees>): Promise<number> =>
      guard.call({ tool, args: {}, requires }, () => 1);
    expect(await call('read', { files: 'os', network: 'args' })).toBe(1);
    expect(await call('other', { network: 'args' })).toBe(1);
    await expectRefusal(() => call('other', { files: 'os' }), 'sandbox_unavailable');
  });

  it('hands the tool the secrets that it declared, wherever it runs', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: allowAll(),
      sandbox: { ...noSandbox(), run: (_call, { secrets }) => void seen.push(secrets) },
      secrets: { name: 'vault', get: () => 'value' },
    });
    await guard.call({ tool: 'read', args: {}, secrets: ['KEY'] }, () => 1);
    expect(seen).toEqual([{ KEY: 'value' }]);
  });

  it('is proven once and not at every call', async () => {
    let checks = 0;
    const proven = proving({ files: 'os' });
    const sandbox: Sandbox = {
      ...proven,
      check: () => {
        checks += 1;
        return proven.check();
      },
    };
    const guard = createGuard({ policy: allowAll(), sandbox });
    const call = (): Promise<number> =>
      guard.call({ tool: 'read', args: {}, requires: { files: 'os' } }, () => 1);
    await Promise.all([call(), call(), call()]);
    await call();
    expect(checks).toBe(1);
  });
});

describe('the gate', () => {
  it('refuses when the policy was changed between the decision and the start', async () => {
    let version = 1;
    const guard = createGuard({
      policy: { ...allowAll(), digest: () => digest('policy', version) },
      secrets: {
        name: 'vault',
        get: async () => {
          version = 2;
          return 'value';
        },
      },
    });
    let ran = false;
    const error = await expectRefusal(
      () =>
        guard.call({ tool: 'read', args: {}, secrets: ['KEY'] }, () => {
          ran = true;
        }),
      'policy_changed',
    );
    expect(error.message).toContain('call again');
    expect(ran).toBe(false);
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome not-started policy_changed']);
    expect(await guard.call({ tool: 'read', args: {} }, () => 'text')).toBe('text');
  });

  it('refuses an approval whose time is over by its own clock, whatever that of the store says', async () => {
    // By the store's clock it is an hour earlier than by that of the guard.
    const approvals = memoryApprovals({ clock: () => Date.now() - 3_600_000 });
    const guard = createGuard({
      policy: () => ({ effect: 'ask', requirements: { expiresMs: 60_000 } }),
      approver: () => 'approve',
      approvals,
    });
    const error = await expectRefusal(
      () => guard.call({ tool: 'pay', args: {} }, () => 1),
      'approval_expired',
    );
    expect(error.aid).toMatch(/^aid_/);
  });
});
