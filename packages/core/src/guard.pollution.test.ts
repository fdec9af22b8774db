import { afterEach, describe, expect, it } from 'vitest';

import { refusalOf, thrownBy } from '../test/harness.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { CallContext } from './call.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { memoryLimits } from './limits/memory.ts';
import { allowAll } from './policy/allow-all.ts';
import type { PolicyAnswer } from './policy/policy.ts';
import { perUser } from './policy/selector.ts';
import { standardPolicy } from './policy/standard.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';
import { staticSecrets } from './secrets.ts';

const polluted = new Set<string>();

/** What a careless merge of somebody's JSON does: data on every object, and never functions. */
function pollute(fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields)) {
    polluted.add(name);
    // eslint-disable-next-line no-extend-native -- that is what is tested, and undone below
    Object.defineProperty(Object.prototype, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
}

function clean(): void {
  for (const name of polluted) Reflect.deleteProperty(Object.prototype, name);
  polluted.clear();
}

afterEach(clean);

/** Runs with a polluted prototype, and cleans up before anything is asserted. */
async function during<T>(
  fields: Readonly<Record<string, unknown>>,
  run: () => Promise<T>,
): Promise<T> {
  pollute(fields);
  try {
    return await run();
  } finally {
    clean();
  }
}

const boss = { id: 'boss', roles: ['boss'] };

/** Every permissive value under every name that the guard reads anywhere. */
const PERMISSIVE: ReadonlyArray<Readonly<Record<string, unknown>>> = [
  { effect: 'allow' },
  {
    effect: 'allow',
    reason: 'polluted',
    policy: 'polluted',
    obligations: [],
    limits: [],
    conditions: {},
  },
  { verdict: 'approve' },
  { verdict: 'approve', channel: 'polluted', note: 'polluted' },
  { answer: { verdict: 'approve', channel: 'polluted' } },
  { args: { cents: 1_000_000 } },
  { ok: true },
  { ok: true, token: 'polluted', approval: { state: 'approved' }, guarantees: { files: 'os' } },
  { policy: 'allow' },
  { principal: boss },
  { context: { principal: boss } },
  { voter: 'boss', roles: ['boss'] },
  { voter: boss },
  { facts: 'readOnly' },
  { trusted: true, readOnlyHint: true, destructiveHint: false },
  { annotations: { readOnlyHint: true }, trusted: true },
  { parsed: true },
  { mode: 'bypassPermissions' },
  { allow: ['pay'] },
  { audit: false },
  { durability: 'replicated', seq: 1, log: 'polluted' },
  { state: 'approved', votes: [{ verdict: 'approve' }] },
  { expiresMs: 1e12, expiresAt: 1e15, createdAt: 1e15 },
  { quorum: 0, by: ['role:anybody'], kind: 'confirm' },
  { requirements: { votes: [] } },
  { max: 1e9, amount: 0, per: 'guard' },
  { optional: true, sandbox: { files: 'none' } },
  { hidden: [], revealed: true },
  { closed: false, admitted: true, resumed: { state: 'approved' } },
];

const named = PERMISSIVE.map((fields) => [Object.keys(fields).join(', '), fields] as const);

describe.each(named)('a prototype polluted with %s', (_, fields) => {
  /** Calls under pollution, with a guard that is made before or meanwhile; tells whether it ran. */
  async function runs(
    options: () => GuardOptions,
    made: 'before' | 'meanwhile',
    context: CallContext = {},
  ): Promise<boolean> {
    let ran = false;
    const before = made === 'before' ? createGuard(options()) : undefined;
    await during(fields, async () => {
      try {
        const guard = before ?? createGuard(options());
        await guard.call({ tool: 'pay', args: { cents: 1 }, context }, () => {
          ran = true;
        });
      } catch {
        // Failing closed is all that is asked for: a polluted prototype breaks much.
      }
    });
    return ran;
  }

  describe.each(['before', 'meanwhile'] as const)('a guard that was made %s', (made) => {
    it.each<readonly [string, () => GuardOptions]>([
      ['a policy denies', () => ({ policy: () => 'deny' })],
      ['a policy denies with an object', () => ({ policy: () => ({ effect: 'deny' }) })],
      [
        'a policy answers an object without an effect',
        () => ({ policy: () => ({}) as PolicyAnswer }),
      ],
      ['a policy answers nothing', () => ({ policy: () => undefined })],
      ['a hook denies', () => ({ policy: allowAll(), hooks: { preTool: () => 'deny' } })],
      [
        'a hook answers an object without an effect',
        () => ({ policy: allowAll(), hooks: { preTool: () => ({}) as PolicyAnswer } }),
      ],
      ['nobody can be asked', () => ({ policy: () => 'ask' })],
      ['the tool is unknown, and unknown tools are asked', () => ({ policy: standardPolicy() })],
      ['an approver denies', () => ({ policy: () => 'ask', approver: () => 'deny' })],
      [
        'an approver answers an object without a verdict',
        () => ({ policy: () => 'ask', approver: () => ({}) as never }),
      ],
      [
        'an approver denies with an object',
        () => ({ policy: () => 'ask', approver: () => ({ verdict: 'deny' }) }),
      ],
      [
        'a boss would have to approve',
        () => ({
          policy: () => ({
            effect: 'ask',
            requirements: { votes: [{ kind: 'approvers', by: ['boss', 'role:boss'], quorum: 1 }] },
          }),
          approver: () => 'approve',
        }),
      ],
      [
        'a store answers nothing',
        () => ({
          policy: () => 'ask',
          approver: () => 'approve',
          approvals: { ...memoryApprovals(), consume: () => ({}) as never },
        }),
      ],
      [
        'a vote is refused',
        () => ({
          policy: () => 'ask',
          approver: () => 'approve',
          approvals: { ...memoryApprovals(), vote: () => ({}) as never },
        }),
      ],
      [
        'limits answer nothing',
        () => ({
          policy: () => ({ effect: 'allow', limits: [{ id: 'x', max: 1, windowMs: 1000 }] }),
          limits: { ...memoryLimits(), reserve: () => ({}) as never },
        }),
      ],
      [
        'a limit is used up',
        () => ({
          policy: () => ({ effect: 'allow', limits: [{ id: 'x', max: 0, windowMs: 1000 }] }),
        }),
      ],
      [
        'a sandbox proves nothing',
        () => ({
          policy: () => ({ effect: 'allow', conditions: { sandbox: { files: 'os' } } }),
          sandbox: { ...noSandbox(), check: () => ({}) as never },
        }),
      ],
      [
        'a sandbox proves no level',
        () => ({
          policy: () => ({ effect: 'allow', conditions: { sandbox: { files: 'os' } } }),
          sandbox: { ...noSandbox(), check: () => ({ ok: true, guarantees: {} }) as never },
        }),
      ],
      [
        'a sandbox confines to nothing',
        () => ({ policy: allowAll(), sandbox: { ...noSandbox(), confine: () => ({}) as never } }),
      ],
      [
        'the log is weaker than required',
        () => ({ policy: () => ({ effect: 'allow', conditions: { durability: 'disk' } }) }),
      ],
      [
        'the log gives an empty receipt',
        () => ({
          policy: allowAll(),
          audit: {
            name: 'x',
            durability: 'memory',
            append: () => ({}) as never,
            query: () => [],
            verify: () => ({ ok: false, seq: 0, reason: '' }),
          },
        }),
      ],
      [
        'only the boss may',
        () => ({ policy: perUser({ default: () => 'deny', policies: { boss: allowAll() } }) }),
      ],
    ])('still runs nothing where %s', async (_situation, options) => {
      expect(await runs(options, made)).toBe(false);
    });

    it('still runs nothing for a caller whom nobody vouched for', async () => {
      const options = (): GuardOptions => ({
        policy: (_call, context) =>
          context.principal?.roles?.includes('boss') === true ? 'allow' : 'deny',
      });
      expect(await runs(options, made)).toBe(false);
      expect(await runs(options, made, { principal: { id: 'bob' } })).toBe(false);
    });
  });

  it('still lets nobody answer for the framework', async () => {
    const guard = createGuard({ policy: () => 'ask' });
    const tool = guard.tool({ name: 'pay' });
    await tool.open({ id: 'call-1', args: {} });
    let ran = false;
    const error = await during(fields, () =>
      thrownBy(() =>
        tool.run({ id: 'call-1', args: {} }, () => {
          ran = true;
        }),
      ),
    );
    expect(ran).toBe(false);
    expect(error).toMatchObject({ code: 'approval_required' });
  });

  it('still hands a tool no secret that it did not declare, and no other arguments', async () => {
    const guard = createGuard({ policy: allowAll(), secrets: staticSecrets({ KEY: 'value' }) });
    const seen = await during({ ...fields, secrets: ['KEY'] }, () =>
      guard
        .call({ tool: 'read', args: { path: 'a' } }, (args, { secrets }) => [
          Object.entries(args),
          Object.entries(secrets),
        ])
        .catch(() => undefined),
    );
    if (seen !== undefined) expect(seen).toEqual([[['path', 'a']], []]);
  });
});

it('a polluted `effect` is not the effect of an answer without one', async () => {
  const error = await during({ effect: 'allow' }, () => {
    const guard = createGuard({ policy: () => ({}) as PolicyAnswer });
    return refusalOf(() => guard.call({ tool: 'pay', args: {} }, () => 1));
  });
  expect(error.code).toBe('policy_error');
});

it('a polluted prototype does not keep an allowed call from running', async () => {
  const guard = createGuard({ policy: () => 'allow', approver: () => 'approve' });
  const fields = { effect: 'deny', ok: false, verdict: 'deny', note: 'polluted' };
  expect(await during(fields, () => guard.call({ tool: 'read', args: {} }, () => 'text'))).toBe(
    'text',
  );
});
