import { describe, expect, it } from 'vitest';

import {
  auditThrough,
  entriesOf,
  expectRefusal,
  expectVerified,
  never,
  refusalOf,
  storyOf,
  until,
} from '../test/harness.ts';
import type { ApprovalStore } from './approvals/approval.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { AuditReceipt } from './audit/log.ts';
import type { GuardErrorCode } from './errors.ts';
import { createGuard, type Guard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { Hooks } from './hooks.ts';
import type { Labels } from './labels.ts';
import { memoryLabels } from './labels.ts';
import type { Limits } from './limits/limits.ts';
import { memoryLimits } from './limits/memory.ts';
import { allowAll } from './policy/allow-all.ts';
import type { Policy, PolicyFunction } from './policy/policy.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import type { Secrets } from './secrets.ts';
import type { ToolSpec } from './tool.ts';

const SHORT = { policyTimeoutMs: 10, storeTimeoutMs: 10 };

function fail(): never {
  throw new Error('it broke');
}

/** Calls, and expects that the body never started and that the log tells why. */
async function expectNothingRuns(
  options: GuardOptions,
  code: GuardErrorCode,
  spec: Omit<ToolSpec, 'name'> = {},
): Promise<Guard> {
  const guard = createGuard({ ...SHORT, ...options });
  let ran = false;
  const error = await expectRefusal(
    () =>
      guard.call({ tool: 'pay', args: { cents: 1 }, ...spec }, () => {
        ran = true;
      }),
    code,
  );
  expect(ran).toBe(false);
  expect(error.message.startsWith('pay: ')).toBe(true);
  expect(error).toMatchObject({ name: 'GuardError', tool: 'pay' });
  expect(error.rid).toMatch(/^rid_/);
  await expectVerified(guard);
  return guard;
}

describe('a policy that cannot be relied upon lets nothing run', () => {
  it.each<readonly [string, PolicyFunction]>([
    ['throws', fail],
    [
      'throws something odd',
      () => {
        // eslint-disable-next-line typescript/only-throw-error -- that is what is tested
        throw { toString: null };
      },
    ],
    ['rejects', () => Promise.reject(new Error('it broke'))],
    ['never settles', () => never()],
    ['answers nothing', () => undefined],
    ['answers null', () => null as never],
    ['answers true', () => true as never],
    ['answers an unknown effect', () => ({ effect: 'permit' }) as never],
    ['answers an effect in capitals', () => 'ALLOW' as never],
    ['answers an object without an effect', () => ({ reason: 'fine' }) as never],
    ['answers a field that nobody knows', () => ({ effect: 'allow', unless: 'weekend' }) as never],
    [
      'answers an unknown condition',
      () => ({ effect: 'allow', conditions: { mood: 'good' } }) as never,
    ],
    [
      'answers an unknown durability',
      () => ({ effect: 'allow', conditions: { durability: 'forever' } }) as never,
    ],
    [
      'answers a limit without a maximum',
      () => ({ effect: 'allow', limits: [{ id: 'x', windowMs: 1 }] }) as never,
    ],
    [
      'answers a limit of NaN',
      () => ({ effect: 'allow', limits: [{ id: 'x', windowMs: 1, max: Number.NaN }] }),
    ],
    ['answers something that cannot be read', () => new Proxy({}, { ownKeys: fail }) as never],
  ])('one that %s', async (_, policy) => {
    const guard = await expectNothingRuns({ policy }, 'policy_error');
    expect(await storyOf(guard)).toEqual(['tool.deny policy_error']);
  });

  it('one that demands an obligation that no part of the guard can honour', async () => {
    const policy: PolicyFunction = () =>
      ({ effect: 'allow', obligations: [{ type: 'watermark' }] }) as never;
    await expectNothingRuns({ policy }, 'obligation_unknown');
  });

  const custom = (parts: Partial<Policy>): Policy => ({ ...allowAll(), name: 'custom', ...parts });

  it.each<readonly [string, Partial<Policy>]>([
    ['resolves to an unknown effect', { resolve: () => ({ effect: 'maybe' }) as never }],
    ['resolves to a text', { resolve: () => 'allow!' as never }],
    ['resolves to null', { resolve: () => null as never }],
    ['has no opinion', { resolve: () => undefined }],
    ['throws when it resolves a tool', { resolve: fail }],
    ['rules with an unknown effect', { resolve: () => () => ({ effect: 'maybe' }) as never }],
    [
      'rules with a decision that is whole but for its effect',
      {
        resolve: () => () =>
          Object.freeze({
            ...(allowAll().resolve({} as never) as object),
            effect: 'maybe',
          }) as never,
      },
    ],
    ['rules with null', { resolve: () => () => null as never }],
    ['rules with nothing', { resolve: () => () => undefined }],
    ['throws when it rules', { resolve: () => fail }],
    ['rejects when it rules', { resolve: () => () => Promise.reject(new Error('it broke')) }],
    ['never rules', { resolve: () => () => never() }],
    ['cannot say which it is', { digest: fail }],
    ['says something odd about which it is', { digest: () => 7 as never }],
  ])('a policy object that %s', async (_, parts) => {
    const guard = createGuard({ ...SHORT, policy: custom(parts) });
    let ran = false;
    const error = await refusalOf(() =>
      guard.call({ tool: 'pay', args: {} }, () => {
        ran = true;
      }),
    );
    expect(['policy_error', 'denied']).toContain(error.code);
    expect(ran).toBe(false);
    expect((await storyOf(guard))[0]).toMatch(/^tool\.deny/);
  });

  it('a policy object whose allow demands what nobody knows', async () => {
    const allowed = allowAll().resolve({} as never) as object;
    const policy = custom({
      resolve: () => () =>
        Object.freeze({ ...allowed, obligations: Object.freeze([{ type: 'watermark' }]) }) as never,
    });
    await expectNothingRuns({ policy }, 'obligation_unknown');
  });

  it('a framework demand that is not understood', async () => {
    const guard = createGuard({ policy: allowAll() });
    await expectRefusal(
      () => guard.call({ tool: 'pay', args: {}, demands: ['perhaps' as never] }, () => 1),
      'policy_error',
    );
  });
});

describe('a hook that cannot be relied upon lets nothing run', () => {
  it.each<readonly [string, Hooks]>([
    ['a checking hook that throws', { preTool: fail }],
    ['a checking hook that rejects', { preTool: () => Promise.reject(new Error('it broke')) }],
    ['a checking hook that never settles', { preTool: () => never(), timeoutMs: 10 }],
    ['a checking hook that answers nonsense', { preTool: () => 'sure' as never }],
    ['a checking hook that answers null', { preTool: () => null as never }],
    ['a rewriting hook that throws', { rewrite: fail }],
    ['a rewriting hook that rejects', { rewrite: () => Promise.reject(new Error('it broke')) }],
    ['a rewriting hook that never settles', { rewrite: () => never(), timeoutMs: 10 }],
    [
      'a rewriting hook that answers arguments without saying so',
      { rewrite: () => ({ cents: 2 }) as never },
    ],
    ['a rewriting hook that answers null', { rewrite: () => null as never }],
  ])('%s', async (_, hooks) => {
    const guard = await expectNothingRuns({ policy: allowAll(), hooks }, 'hook_error');
    expect(await storyOf(guard)).toEqual(['tool.deny hook_error']);
  });

  it('is named in the message, with what it threw as the cause', async () => {
    const broken = new Error('it broke');
    const guard = createGuard({
      policy: allowAll(),
      hooks: {
        name: 'spend check',
        rewrite: () => {
          throw broken;
        },
      },
    });
    const error = await refusalOf(() => guard.call({ tool: 'pay', args: {} }, () => 1));
    expect(error.message).toContain('the rewriting hook "spend check" failed: it broke');
    expect(error.cause).toBe(broken);
  });

  it.each<readonly [string, unknown]>([
    ['has none of the functions', { preTools: () => 'deny' }],
    ['has something else than a function', { preTool: 'deny' }],
    ['has a time limit that is no time', { preTool: () => 'deny', timeoutMs: Number.NaN }],
  ])('is refused when it is added where it %s', async (_, hooks) => {
    const guard = createGuard({ policy: allowAll() });
    await expectRefusal(() => guard.hook(hooks as Hooks), 'options_invalid');
    await expectRefusal(
      () => createGuard({ policy: allowAll(), hooks: hooks as Hooks }),
      'options_invalid',
    );
  });
});

describe('an audit log that fails or hangs lets nothing run', () => {
  const ways: ReadonlyArray<readonly [string, () => AuditReceipt | Promise<AuditReceipt>]> = [
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['never answers', () => never()],
    ['answers no receipt', () => undefined as never],
    ['answers an empty receipt', () => ({}) as never],
    [
      'answers a receipt of an unknown durability',
      () => ({ log: 'x', seq: 1, hash: '', durability: 'solid' }) as never,
    ],
  ];

  it.each(ways)('on the allow: it %s', async (_, way) => {
    const audit = auditThrough((action, keep) => (action === 'tool.allow' ? way() : keep()));
    const guard = await expectNothingRuns({ policy: allowAll(), audit }, 'audit_error');
    // Whether the log kept the allow after all is unknown: it says that nothing came of it.
    expect(await storyOf(guard)).toEqual(['tool.outcome not-started', 'tool.deny audit_error']);
  });

  it.each(ways)('on the ask: it %s, and nobody is asked', async (_, way) => {
    let asked = false;
    const audit = auditThrough((action, keep) => (action === 'tool.ask' ? way() : keep()));
    const approver = (): 'approve' => {
      asked = true;
      return 'approve';
    };
    await expectNothingRuns({ policy: () => 'ask', approver, audit }, 'audit_error');
    expect(asked).toBe(false);
  });

  it.each(ways)('on the vote: it %s', async (_, way) => {
    const audit = auditThrough((action, keep) => (action === 'approval.approve' ? way() : keep()));
    const options: GuardOptions = { policy: () => 'ask', approver: () => 'approve', audit };
    await expectNothingRuns(options, 'audit_error');
  });

  it.each(ways)('on the denial: it %s, and the call is denied all the same', async (_, way) => {
    const audit = auditThrough((action, keep) => (action === 'tool.deny' ? way() : keep()));
    const warnings: string[] = [];
    const logger = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
    await expectNothingRuns({ policy: () => 'deny', audit, logger }, 'denied');
    expect(warnings.join()).toContain('could not be recorded');
  });

  it.each(ways)(
    'on the outcome: it %s, and the result is handed on all the same',
    async (_, way) => {
      const audit = auditThrough((action, keep) => (action === 'tool.outcome' ? way() : keep()));
      const warnings: string[] = [];
      const logger = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
      const guard = createGuard({ ...SHORT, policy: allowAll(), audit, logger });
      expect(await guard.call({ tool: 'read', args: {} }, async () => 'text')).toBe('text');
      expect(warnings.join()).toContain('did not take the entry');
      expect(await storyOf(guard)).toEqual(['tool.allow']);
      await expectVerified(guard);
    },
  );
});

describe('an approval store that fails, hangs or answers nonsense lets nothing run', () => {
  type Way = () => never;
  const ways: ReadonlyArray<readonly [string, Way]> = [
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('no database')) as never],
    ['never answers', () => never() as never],
    ['answers a text', () => 'approved' as never],
    ['answers an empty object', () => ({}) as never],
    ['answers null', () => null as never],
    ['answers ok without an approval', () => ({ ok: true }) as never],
    ['answers an unknown reason', () => ({ ok: false, reason: 'full moon' }) as never],
  ];
  const steps: ReadonlyArray<keyof ApprovalStore> = ['create', 'vote', 'consume'];

  for (const step of steps) {
    it.each(ways)(`on ${step}: it %s`, async (_, way) => {
      const approvals: ApprovalStore = { ...memoryApprovals(), [step]: way };
      const options: GuardOptions = { policy: () => 'ask', approver: () => 'approve', approvals };
      await expectNothingRuns(options, 'approval_store_error');
    });
  }

  it.each(ways.filter(([name]) => name !== 'answers null'))('on find: it %s', async (_, way) => {
    const approvals: ApprovalStore = { ...memoryApprovals(), find: way };
    const guard = createGuard({ ...SHORT, policy: () => 'ask', approvals });
    let ran = false;
    const answer = { channel: 'test', verdict: 'approve' } as const;
    await expectRefusal(
      () =>
        guard.call({ tool: 'pay', args: {}, answer }, () => {
          ran = true;
        }),
      'approval_store_error',
    );
    expect(ran).toBe(false);
  });

  it.each<readonly [string, (approval: object) => object]>([
    [
      'of another call',
      (approval) => ({ ...approval, bindings: { tool: {}, digest: 'sha256:0' } }),
    ],
    ['that never ends', (approval) => ({ ...approval, expiresAt: Number.NaN })],
    ['in an unknown state', (approval) => ({ ...approval, state: 'blessed' })],
    ['without votes', (approval) => ({ ...approval, votes: undefined })],
    ['without a version', (approval) => ({ ...approval, version: undefined })],
  ])('create gives an approval %s', async (_, change) => {
    const memory = memoryApprovals();
    const approvals: ApprovalStore = {
      ...memory,
      create: (draft, key) => change(memory.create(draft, key)) as never,
    };
    const options: GuardOptions = { policy: () => 'ask', approver: () => 'approve', approvals };
    await expectNothingRuns(options, 'approval_store_error');
  });

  it.each<readonly [string, (approval: object) => object]>([
    ['that is not consumed', (approval) => ({ ...approval, state: 'approved' })],
    ['of another id', (approval) => ({ ...approval, aid: 'aid_other' })],
    [
      'of another call',
      (approval) => ({ ...approval, bindings: { tool: {}, digest: 'sha256:0' } }),
    ],
  ])('consume gives an approval %s', async (_, change) => {
    const memory = memoryApprovals();
    const approvals: ApprovalStore = {
      ...memory,
      consume(aid, claim, bindings) {
        const result = memory.consume(aid, claim, bindings) as { ok: true; approval: object };
        return { ok: true, approval: change(result.approval) } as never;
      },
    };
    const options: GuardOptions = { policy: () => 'ask', approver: () => 'approve', approvals };
    await expectNothingRuns(options, 'approval_invalid');
  });

  it('and a store that cannot call an approval off changes nothing about the refusal', async () => {
    const approvals: ApprovalStore = { ...memoryApprovals(), cancel: fail };
    const options: GuardOptions = {
      policy: () => 'ask',
      approver: () => never(),
      approvalTimeoutMs: 10,
      approvals,
    };
    await expectNothingRuns(options, 'approval_expired');
  });
});

describe('limits that fail or hang let nothing run', () => {
  const limited: PolicyFunction = () => ({
    effect: 'allow',
    limits: [{ id: 'twice', max: 2, windowMs: 60_000 }],
  });

  it.each<readonly [string, () => never]>([
    ['throw', fail],
    ['reject', () => Promise.reject(new Error('no redis')) as never],
    ['never answer', () => never() as never],
    ['answer nothing', () => undefined as never],
    ['answer true', () => true as never],
    ['answer ok without a token', () => ({ ok: true }) as never],
  ])('they %s', async (_, reserve) => {
    const limits: Limits = { ...memoryLimits(), reserve };
    const guard = await expectNothingRuns({ policy: limited, limits }, 'limits_error');
    expect(await storyOf(guard)).toEqual(['tool.deny limits_error']);
  });

  it('and a reservation that is granted too late is given back', async () => {
    const granted = Promise.withResolvers<void>();
    const released: string[] = [];
    const limits: Limits = {
      ...memoryLimits(),
      reserve: () => granted.promise.then(() => ({ ok: true, token: 'late-token' })),
      release: (token) => void released.push(token),
    };
    await expectNothingRuns({ policy: limited, limits, storeTimeoutMs: 20 }, 'limits_error');
    granted.resolve();
    await until(() => released.length > 0);
    expect(released).toEqual(['late-token']);
  });

  it('but limits that cannot settle or release do not fail a call that ran', async () => {
    const limits: Limits = { ...memoryLimits(), settle: fail, release: fail };
    const guard = createGuard({ policy: limited, limits });
    expect(await guard.call({ tool: 'pay', args: {} }, async () => 'paid')).toBe('paid');
  });
});

describe('labels that fail or hang let nothing run', () => {
  it.each<readonly [string, () => never]>([
    ['throw', fail],
    ['reject', () => Promise.reject(new Error('no database')) as never],
    ['never answer', () => never() as never],
    ['answer nothing', () => undefined as never],
    ['answer something else than labels', () => [{ name: 'tainted' }] as never],
  ])('they %s', async (_, get) => {
    const labels: Labels = { ...memoryLabels(), get };
    await expectNothingRuns({ policy: allowAll(), labels }, 'policy_error');
  });
});

describe('a sandbox that cannot be relied upon lets nothing run', () => {
  const guarantees = noSandbox().guarantees;

  it.each<readonly [string, () => never]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('it broke')) as never],
    ['never answers', () => never() as never],
    ['answers nothing', () => undefined as never],
    ['answers an empty object', () => ({}) as never],
    ['refuses', () => ({ refused: 'outside the workspace' }) as never],
    ['refuses and gives arguments', () => ({ refused: 'outside', args: {} }) as never],
    ['rejects with nothing', () => Promise.resolve(undefined) as never],
  ])('when it confines: it %s', async (_, confine) => {
    const sandbox: Sandbox = { ...noSandbox(), name: 'broken', confine };
    await expectNothingRuns({ policy: allowAll(), sandbox }, 'sandbox_refused');
  });

  it.each<readonly [string, () => never]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('it broke')) as never],
    ['never answers', () => never() as never],
    ['answers nothing', () => undefined as never],
    ['answers ok without guarantees', () => ({ ok: true }) as never],
    ['says that it does not work', () => ({ ok: false, reason: 'no user namespaces' }) as never],
    ['proves less than it claims', () => ({ ok: true, guarantees }) as never],
    [
      'proves a level that nobody knows',
      () => ({ ok: true, guarantees: { ...guarantees, files: 'total' } }) as never,
    ],
  ])('when a requirement is checked: it %s', async (_, check) => {
    const claimed = { ...guarantees, files: 'os' } as const;
    const sandbox: Sandbox = { ...noSandbox(), guarantees: claimed, check };
    await expectNothingRuns({ policy: allowAll(), sandbox }, 'sandbox_unavailable', {
      requires: { files: 'os' },
    });
  });

  it('and is asked again after a check that failed', async () => {
    let works = false;
    const proven = { ...guarantees, files: 'os' } as const;
    const sandbox: Sandbox = {
      ...noSandbox(),
      check: () =>
        works
          ? Promise.resolve({ ok: true, guarantees: proven })
          : Promise.reject(new Error('not yet')),
    };
    const guard = createGuard({ policy: allowAll(), sandbox });
    const call = (): Promise<string> =>
      guard.call({ tool: 'read', args: {}, requires: { files: 'os' } }, () => 'text');
    await expectRefusal(call, 'sandbox_unavailable');
    works = true;
    expect(await call()).toBe('text');
    expect((await entriesOf(guard)).at(-2)).toMatchObject({
      action: 'tool.allow',
      sandbox: { name: 'none', guarantees: { files: 'os' } },
    });
  });

  it('and must not start the body twice on one decision', async () => {
    let runs = 0;
    const sandbox: Sandbox = {
      ...noSandbox(),
      run: (_, { execute }) => {
        execute();
        return execute();
      },
    };
    const guard = createGuard({ policy: allowAll(), sandbox });
    await expectRefusal(
      () =>
        guard.call({ tool: 'pay', args: {} }, () => {
          runs += 1;
        }),
      'sandbox_refused',
    );
    expect(runs).toBe(1);
  });
});

describe('secrets that are missing or fail let nothing run', () => {
  it.each<readonly [string, Secrets['get']]>([
    ['are not set', () => undefined],
    ['throw', fail],
    ['reject', () => Promise.reject(new Error('vault sealed'))],
    ['never answer', () => never()],
    ['are no text', () => 42 as never],
  ])('they %s', async (_, get) => {
    const guard = await expectNothingRuns(
      { policy: allowAll(), secrets: { name: 'vault', get } },
      'secret_missing',
      { secrets: ['API_KEY'] },
    );
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome not-started secret_missing']);
  });
});

describe('a stop switch', () => {
  it.each<readonly [string, () => string | undefined]>([
    ['that is on', () => 'maintenance'],
    ['that cannot be read', fail],
    ['that answers something odd', () => null as never],
  ])('%s stops every call at the gate', async (_, stopped) => {
    const guard = await expectNothingRuns(
      { policy: allowAll(), stopSwitch: { stopped } },
      'stopped',
    );
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome not-started stopped']);
  });
});

describe('options that would weaken a guard unnoticed', () => {
  it.each<readonly [string, object, GuardErrorCode]>([
    ['no policy', { policy: undefined }, 'policy_missing'],
    ['something that is no policy', { policy: { allow: ['read'] } }, 'policy_invalid'],
    ['a misspelt option', { aprover: () => 'deny' }, 'options_invalid'],
    ['a time limit of NaN', { policyTimeoutMs: Number.NaN }, 'options_invalid'],
    ['an endless time limit', { storeTimeoutMs: Number.POSITIVE_INFINITY }, 'options_invalid'],
    ['a negative time limit', { approvalTimeoutMs: -1 }, 'options_invalid'],
    ['argument limits of NaN', { argumentLimits: { depth: Number.NaN } }, 'options_invalid'],
    ['a misspelt argument limit', { argumentLimits: { length: 5 } }, 'options_invalid'],
    ['an approver that cannot be asked', { approver: {} }, 'options_invalid'],
    ['a principal without an id', { context: { principal: { name: 'bob' } } }, 'options_invalid'],
    [
      'roles that are no list',
      { context: { principal: { id: 'bob', roles: 'admin' } } },
      'options_invalid',
    ],
  ])('%s is refused', async (_, options, code) => {
    await expectRefusal(() => createGuard({ policy: allowAll(), ...options }), code);
  });

  it.each<readonly [string, Partial<ToolSpec>]>([
    ['an empty name', { name: '' }],
    ['a name that imitates another', { name: 'rеad' }],
    ['a schema that cannot parse', { schema: {} as never }],
    ['a time limit of NaN', { timeoutMs: Number.NaN }],
    ['secrets that are no list', { secrets: 'API_KEY' as never }],
    ['a misspelt requirement', { require: { files: 'os' } } as never],
  ])('a tool with %s is refused', async (_, spec) => {
    const guard = createGuard({ policy: allowAll() });
    await expectRefusal(() => guard.tool({ name: 'read', ...spec }), 'tool_invalid');
  });
});
