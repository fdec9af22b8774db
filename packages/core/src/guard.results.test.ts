import { describe, expect, it } from 'vitest';

import { entriesOf, eventsOf, expectRefusal, never, storyOf, thrownBy } from '../test/harness.ts';
import type { LimitClaim } from './limits/limits.ts';
import { memoryLimits } from './limits/memory.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { ToolOutcome } from './hooks.ts';
import { type Labels, memoryLabels } from './labels.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { Obligation } from './obligations.ts';
import { allowAll } from './policy/allow-all.ts';
import { staticSecrets } from './secrets.ts';

function obliged(...obligations: Obligation[]): GuardOptions {
  return { policy: () => ({ effect: 'allow', obligations }) };
}

class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly query: unknown;
  constructor(message: string, query: unknown) {
    super(message);
    this.query = query;
  }
}

describe('obligations on a result', () => {
  it('redact fields at any depth, and what looks like a secret', async () => {
    const guard = createGuard(obliged({ type: 'redact', fields: ['iban'] }));
    const result = { owner: 'bob', accounts: [{ iban: 'DE02' }], note: 'sk-1234567890abcdefghij' };
    expect(await guard.call({ tool: 'read', args: {} }, () => result)).toEqual({
      owner: 'bob',
      accounts: [{ iban: '[redacted]' }],
      note: '[redacted]',
    });
    expect(result.accounts[0]?.iban).toBe('DE02');
  });

  it('cut texts', async () => {
    const guard = createGuard(obliged({ type: 'cap', characters: 3 }));
    expect(await guard.call({ tool: 'read', args: {} }, () => ({ text: 'abcdef' }))).toEqual({
      text: 'abc… [3 characters withheld]',
    });
  });

  it.each<readonly [string, unknown]>([
    ['a response', () => new Response('x')],
    ['an instance of a class', () => new DatabaseError('x', 1)],
    ['a function', () => () => 1],
    ['a synchronous generator', function* () { yield 1; }],
    ['a cycle', () => { const a: { self?: object } = {}; a.self = a; return a; }],
  ])('withhold %s, which they cannot be honoured on', async (_, make) => {
    const guard = createGuard(obliged({ type: 'redact', fields: ['iban'] }));
    const heard = eventsOf(guard);
    const error = await expectRefusal(
      () => guard.call({ tool: 'read', args: {} }, async () => (make as () => unknown)()),
      'result_withheld',
    );
    expect(error.message).toMatch(/^read: /);
    expect(heard.at(-1)).toMatchObject({ type: 'end', status: 'withheld' });
    expect(heard.at(-1)).not.toHaveProperty('result.query');
    expect(await storyOf(guard)).toEqual(['tool.allow', 'tool.outcome withheld result_withheld']);
  });

  it('are honoured for what a person approved', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'ask', obligations: [{ type: 'cap', characters: 1 }] }),
      approver: () => 'approve',
    });
    expect(await guard.call({ tool: 'read', args: {} }, () => 'text')).toBe('t… [3 characters withheld]');
  });

  it('reach post-tool hooks and events as they reach the model', async () => {
    const outcomes: ToolOutcome[] = [];
    const guard = createGuard({
      ...obliged({ type: 'redact', fields: ['iban'] }),
      hooks: { postTool: (_call, outcome) => void outcomes.push(outcome) },
    });
    const heard = eventsOf(guard);
    await guard.call({ tool: 'read', args: {} }, () => ({ iban: 'DE02' }));
    await thrownBy(() => guard.call({ tool: 'read', args: {} }, () => Promise.reject(new DatabaseError('x', { iban: 'DE02' }))));
    expect(outcomes.map(({ status }) => status)).toEqual(['ok', 'error']);
    expect(outcomes[0]?.result).toEqual({ iban: '[redacted]' });
    expect(outcomes[1]?.error).not.toHaveProperty('query');
    expect(JSON.stringify(heard)).not.toContain('DE02');
  });
});

describe('obligations on an error', () => {
  const failing = (options: GuardOptions, error: unknown): Promise<unknown> => {
    const guard = createGuard(options);
    return thrownBy(() => guard.call({ tool: 'read', args: {} }, () => Promise.reject(error)));
  };

  it('leave the very same error alone where there is nothing to hide', async () => {
    const error = new DatabaseError('no such table', { table: 'x' });
    expect(await failing(obliged({ type: 'redact', fields: ['iban'] }), error)).toBe(error);
    expect(await failing(obliged({ type: 'cap', characters: 100 }), error)).toBe(error);
    expect(await failing(obliged({ type: 'label', labels: ['x'] }), error)).toBe(error);
  });

  it('hide what looks like a secret in its message, its stack and its causes', async () => {
    const key = 'sk-1234567890abcdefghij';
    const redact = obliged({ type: 'redact', fields: [] });
    for (const error of [
      new DatabaseError(`refused ${key}`, 1),
      new Error('refused', { cause: new Error(`refused ${key}`) }),
      Object.assign(new Error('refused'), { headers: { 'x-key': key } }),
      new AggregateError([new Error(key)], 'refused'),
      Object.assign(new Error('refused'), { stack: `at ${key}` }),
    ]) {
      const shown = (await failing(redact, error)) as Error;
      expect(shown).not.toBe(error);
      expect(shown.name).toBe(error.name);
      expect([shown.message, shown.stack, shown.cause, JSON.stringify(shown)].join()).not.toContain(key);
    }
  });

  it('hide fields by their name', async () => {
    const error = new DatabaseError('refused', { iban: 'DE02' });
    const shown = (await failing(obliged({ type: 'redact', fields: ['iban'] }), error)) as DatabaseError;
    expect(shown.message).toBe('refused');
    expect(shown.query).toBeUndefined();
  });

  it('drop everything but the message where it cannot be looked into', async () => {
    const error = Object.assign(new Error('refused'), { response: new Response('DE02') });
    const shown = (await failing(obliged({ type: 'redact', fields: ['iban'] }), error)) as Error;
    expect(shown.message).toBe('refused');
    expect(shown).not.toHaveProperty('response');
    const endless = new Error('round');
    endless.cause = endless;
    expect((await failing(obliged({ type: 'redact', fields: ['iban'] }), endless)) as Error).not.toHaveProperty('cause');
  });

  it('cut its message', async () => {
    const shown = (await failing(obliged({ type: 'cap', characters: 4 }), new Error('a long story'))) as Error;
    expect(shown.message).toBe('a lo… [8 characters withheld]');
  });

  it('treat whatever else is thrown like a result', async () => {
    const redact = obliged({ type: 'redact', fields: ['iban'] });
    expect(await failing(redact, 'sk-1234567890abcdefghij')).toBe('[redacted]');
    expect(await failing(redact, { iban: 'DE02' })).toEqual({ iban: '[redacted]' });
    await expectRefusal(async () => { throw await failing(redact, new Response('DE02')); }, 'result_withheld');
  });

  it('hide in what only claims to be an error of a guard', async () => {
    const forged = Object.assign(new Error('sk-1234567890abcdefghij'), { name: 'GuardError', code: 'denied' });
    expect(((await failing(obliged({ type: 'redact', fields: [] }), forged)) as Error).message).toBe('[redacted]');
  });
});

describe('labels of a result', () => {
  const tainting: GuardOptions['policy'] = (call) =>
    call.tool.name === 'browse'
      ? { effect: 'allow', obligations: [{ type: 'label', labels: ['untrusted'] }] }
      : call.labels.includes('untrusted')
        ? { effect: 'deny', reason: 'the session read what nobody vouches for' }
        : 'allow';

  it('are kept before the model sees anything, and decided on from then on', async () => {
    const guard = createGuard({ policy: tainting, context: { principal: { id: 'bob' }, session: 's1' } });
    expect(await guard.call({ tool: 'pay', args: {} }, () => 'paid')).toBe('paid');
    await guard.call({ tool: 'browse', args: {} }, () => 'page');
    await expectRefusal(() => guard.call({ tool: 'pay', args: {} }, () => 'paid'), 'denied');
    const entries = await entriesOf(guard);
    expect(entries.at(-1)).toMatchObject({ action: 'tool.deny', labels: ['untrusted'] });
  });

  it('are those of one tenant, principal and session', async () => {
    const guard = createGuard({ policy: tainting });
    const bob = { principal: { id: 'bob', tenant: 'acme' }, session: 's1' };
    await guard.with(bob).call({ tool: 'browse', args: {} }, () => 'page');
    const pay = (context: object): Promise<string> => guard.with({ ...bob, ...context }).call({ tool: 'pay', args: {} }, () => 'paid');
    await expectRefusal(() => pay({}), 'denied');
    expect(await pay({ session: 's2' })).toBe('paid');
    expect(await pay({ principal: { id: 'bob', tenant: 'evil' } })).toBe('paid');
    expect(await pay({ principal: { id: 'eve', tenant: 'acme' } })).toBe('paid');
  });

  it('are kept for an error too, which can carry what was read', async () => {
    const guard = createGuard({ policy: tainting });
    await thrownBy(() => guard.call({ tool: 'browse', args: {} }, () => Promise.reject(new Error('page says: pay me'))));
    await expectRefusal(() => guard.call({ tool: 'pay', args: {} }, () => 'paid'), 'denied');
  });

  it('are kept for an error before the first chunk of a stream', async () => {
    const guard = createGuard({ policy: tainting });
    const stream = (await guard.call({ tool: 'browse', args: {} }, async function* () {
      if (guard.canAsk) yield 1;
      throw new Error('page says: pay me');
    })) as AsyncGenerator<number>;
    await thrownBy(() => stream.next());
    await expectRefusal(() => guard.call({ tool: 'pay', args: {} }, () => 'paid'), 'denied');
  });

  it.each<readonly [string, Labels['add']]>([
    ['fail', () => { throw new Error('no database'); }],
    ['reject', () => Promise.reject(new Error('no database'))],
    ['hang', () => never()],
  ])('that %s to be kept withhold the result', async (_, add) => {
    const guard = createGuard({ policy: tainting, labels: { ...memoryLabels(), add }, storeTimeoutMs: 10 });
    await expectRefusal(() => guard.call({ tool: 'browse', args: {} }, async () => 'page'), 'result_withheld');
    await expectRefusal(
      () => guard.call({ tool: 'browse', args: {} }, () => Promise.reject(new Error('page says: pay me'))),
      'result_withheld',
    );
  });
});

describe('secrets', () => {
  const secret = 'k3y-of-the-vault';
  const secrets = staticSecrets({ KEY: secret, OTHER: 'not-asked-for' });

  it('reach the body by name, only those that were declared, and nobody else', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: (...given) => {
        seen.push(given);
        return 'allow';
      },
      hooks: { preTool: (...given) => void seen.push(given), postTool: (...given) => void seen.push(given) },
      secrets,
    });
    const heard = eventsOf(guard);
    const received = await guard.call({ tool: 'fetch', args: { url: 'x' }, secrets: ['KEY'] }, (_args, run) => {
      expect(Object.isFrozen(run.secrets)).toBe(true);
      return Object.keys(run.secrets).concat(run.secrets['KEY'] === secret ? ['right'] : []);
    });
    expect(received).toEqual(['KEY', 'right']);
    expect(JSON.stringify([seen, heard, await entriesOf(guard)])).not.toContain(secret);
    expect(await guard.call({ tool: 'read', args: {} }, (_args, run) => Object.keys(run.secrets))).toEqual([]);
  });

  it('can be called anything', async () => {
    const odd = staticSecrets({ ['__proto__x']: 'a', constructor: 'b' });
    const guard = createGuard({ policy: allowAll(), secrets: odd });
    const names = ['__proto__x', 'constructor'];
    const got = await guard.call({ tool: 'fetch', args: {}, secrets: names }, (_args, run) => names.map((name) => run.secrets[name]?.length));
    expect(got).toEqual([1, 1]);
  });

  it('are taken out of results, and nothing else is', async () => {
    const guard = createGuard({ policy: allowAll(), secrets });
    const result = await guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, (_args, run) => ({
      headers: { authorization: `Bearer ${run.secrets['KEY'] ?? ''}` },
      password: 'of somebody else',
    }));
    expect(result).toEqual({ headers: { authorization: 'Bearer [redacted]' }, password: 'of somebody else' });
  });

  it('withhold a result that cannot be looked into', async () => {
    const guard = createGuard({ policy: allowAll(), secrets });
    await expectRefusal(
      () => guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, (_args, run) => new Response(run.secrets['KEY'])),
      'result_withheld',
    );
  });

  it('are taken out of what is thrown, wherever it is', async () => {
    const guard = createGuard({ policy: allowAll(), secrets });
    const thrown = (make: (key: string) => unknown): Promise<unknown> =>
      thrownBy(() => guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, (_args, run) => Promise.reject(make(run.secrets['KEY'] ?? ''))));
    for (const make of [
      (key: string) => new Error(`401 for ${key}`),
      (key: string) => new Error('401', { cause: { authorization: key } }),
      (key: string) => Object.assign(new Error('401'), { config: { headers: [key] } }),
      (key: string) => `401 for ${key}`,
      (key: string) => ({ status: 401, key }),
    ]) {
      const error = await thrown(make);
      const text = error instanceof Error ? [error.message, error.stack, error.cause, JSON.stringify(error)].join() : JSON.stringify(error);
      expect(text).not.toContain(secret);
    }
    const own = new Error('nothing of it');
    expect(await thrown(() => own)).toBe(own);
    expect(JSON.stringify(await entriesOf(guard))).not.toContain(secret);
  });

  it('are taken out of every later argument, reason and approval', async () => {
    const shown: unknown[] = [];
    const guard = createGuard({
      policy: (call) => (call.tool.name === 'post' ? { effect: 'ask', reason: `sends ${JSON.stringify(call.args)}` } : 'allow'),
      secrets,
      approver: (request) => {
        shown.push(request.args, request.reason, request.hidden);
        return 'approve';
      },
    });
    const heard = eventsOf(guard);
    await guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, () => 1);
    await guard.call({ tool: 'post', args: { text: `leak ${secret}` } }, () => 1);
    expect(JSON.stringify([shown, heard, await entriesOf(guard)])).not.toContain(secret);
    // It is the guard's own, so that nobody has to reveal it first.
    expect(shown).toEqual([{ text: 'leak [redacted]' }, 'sends {"text":"leak [redacted]"}', []]);
  });

  it('are read only once nothing stands in the way any more', async () => {
    let reads = 0;
    const guard = createGuard({
      policy: (call) => (call.tool.name === 'deny' ? 'deny' : 'allow'),
      stopSwitch: { stopped: () => 'maintenance' },
      secrets: { name: 'vault', get: () => { reads += 1; return secret; } },
    });
    await expectRefusal(() => guard.call({ tool: 'deny', args: {}, secrets: ['KEY'] }, () => 1), 'denied');
    await expectRefusal(() => guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, () => 1), 'stopped');
    expect(reads).toBe(0);
  });

  it('take time to read: the last look comes after that', async () => {
    let stopped: string | undefined;
    const guard = createGuard({
      policy: allowAll(),
      stopSwitch: { stopped: () => stopped },
      secrets: { name: 'vault', get: async () => { stopped = 'maintenance'; return secret; } },
    });
    let ran = false;
    await expectRefusal(
      () =>
        guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, () => {
          ran = true;
        }),
      'stopped',
    );
    expect(ran).toBe(false);
  });
});

describe('limits', () => {
  const claim = (more: Partial<LimitClaim> = {}): LimitClaim => ({ id: 'refunds', max: 2, windowMs: 60_000, ...more });
  const limited = (...limits: LimitClaim[]): GuardOptions => ({ policy: () => ({ effect: 'allow', limits }) });

  it('count calls that are under way', async () => {
    const guard = createGuard(limited(claim()));
    const gate = Promise.withResolvers<void>();
    const call = (): Promise<void> => guard.call({ tool: 'refund', args: {} }, () => gate.promise);
    const running = [call(), call()];
    const error = await expectRefusal(call, 'limit_exceeded');
    expect(error.message).toContain('the limit "refunds" has 0 left, and the call needs 1');
    gate.resolve();
    await Promise.all(running);
    await expectRefusal(call, 'limit_exceeded');
  });

  it('are all reserved or none', async () => {
    const limits = memoryLimits();
    const guard = createGuard({ ...limited(claim({ id: 'a', max: 5 }), claim({ id: 'b', max: 0 })), limits });
    await expectRefusal(() => guard.call({ tool: 'refund', args: {} }, () => 1), 'limit_exceeded');
    const other = createGuard({ ...limited(claim({ id: 'a', max: 5, amount: 5 })), limits });
    expect(await other.call({ tool: 'refund', args: {} }, () => 'refunded')).toBe('refunded');
  });

  it.each<readonly [NonNullable<LimitClaim['per']>, object]>([
    ['principal', { principal: { id: 'eve', tenant: 'acme' } }],
    ['tenant', { principal: { id: 'bob', tenant: 'other' } }],
    ['session', { session: 's2' }],
    ['agent', { agent: 'other' }],
  ])('per %s are shared by nobody else', async (per, another) => {
    const context = { principal: { id: 'bob', tenant: 'acme' }, session: 's1', agent: 'bot' };
    const guard = createGuard({ ...limited(claim({ per, max: 1 })), context });
    const call = (more: object): Promise<number> => guard.with(more).call({ tool: 'refund', args: {} }, () => 1);
    await call({});
    await expectRefusal(() => call({}), 'limit_exceeded');
    expect(await call(another)).toBe(1);
    await expectRefusal(() => call(another), 'limit_exceeded');
  });

  it('of the guard are shared by everybody', async () => {
    const guard = createGuard(limited(claim({ per: 'guard', max: 1 })));
    await guard.with({ principal: { id: 'bob' } }).call({ tool: 'refund', args: {} }, () => 1);
    await expectRefusal(() => guard.with({ principal: { id: 'eve' } }).call({ tool: 'refund', args: {} }, () => 1), 'limit_exceeded');
  });

  it.each<readonly [string, boolean, unknown]>([
    ['an error keeps it spent', false, new Error('half done')],
    ['an error without effect releases it', true, Object.assign(new Error('refused'), { noEffect: true })],
    ['a text keeps it spent', false, 'refused'],
    ['an object without effect releases it', true, { noEffect: true }],
    ['an inherited claim of no effect keeps it spent', false, Object.create({ noEffect: true })],
    ['a truthy claim of no effect keeps it spent', false, { noEffect: 'yes' }],
  ])('%s', async (_, released, error) => {
    const guard = createGuard(limited(claim({ max: 1 })));
    await thrownBy(() => guard.call({ tool: 'refund', args: {} }, () => Promise.reject(error)));
    const again = (): Promise<string> => guard.call({ tool: 'refund', args: {} }, () => 'refunded');
    if (released) expect(await again()).toBe('refunded');
    else await expectRefusal(again, 'limit_exceeded');
  });

  it('know of no effect although the error had to be hidden', async () => {
    const guard = createGuard({
      policy: () => ({ effect: 'allow', limits: [claim({ max: 1 })], obligations: [{ type: 'redact', fields: [] }] }),
    });
    const error = Object.assign(new Error('sk-1234567890abcdefghij'), { noEffect: true });
    const shown = await thrownBy(() => guard.call({ tool: 'refund', args: {} }, () => Promise.reject(error)));
    expect(shown).toMatchObject({ message: '[redacted]' });
    expect(await guard.call({ tool: 'refund', args: {} }, () => 'refunded')).toBe('refunded');
  });

  it('are given back where nothing started', async () => {
    let stopped: string | undefined = 'maintenance';
    const guard = createGuard({ ...limited(claim({ max: 1 })), stopSwitch: { stopped: () => stopped } });
    await expectRefusal(() => guard.call({ tool: 'refund', args: {} }, () => 1), 'stopped');
    stopped = undefined;
    expect(await guard.call({ tool: 'refund', args: {} }, () => 1)).toBe(1);
  });

  it('are given back where the allow could not be recorded', async () => {
    const memory = createGuard({ policy: allowAll() }).audit;
    let broken = true;
    const audit: GuardOptions['audit'] = {
      name: 'flaky',
      durability: 'memory',
      query: () => [],
      verify: () => ({ ok: false, seq: 0, reason: '' }),
      append: (draft) => {
        if (broken || memory === undefined) throw new Error('no disk');
        return memory.append(draft);
      },
    };
    const guard = createGuard({ ...limited(claim({ max: 1 })), audit });
    await expectRefusal(() => guard.call({ tool: 'refund', args: {} }, () => 1), 'audit_error');
    broken = false;
    expect(await guard.call({ tool: 'refund', args: {} }, () => 1)).toBe(1);
  });

  it('that refuse burn no approval: it is good once there is room again', async () => {
    let max = 0;
    const approvals = memoryApprovals();
    const guard = createGuard({ policy: () => ({ effect: 'ask', limits: [claim({ max })] }), approvals });
    const tool = guard.tool({ name: 'refund' });
    const input = { id: 'call-1', args: {}, answer: { channel: 'test', verdict: 'approve' } } as const;
    await tool.open({ id: 'call-1', args: {} });
    await expectRefusal(() => tool.run(input, () => 1), 'limit_exceeded');
    expect(await approvals.list({})).toMatchObject([{ state: 'approved' }]);
    max = 1;
    expect(await tool.run(input, async () => 'refunded')).toBe('refunded');
    expect(await approvals.list({})).toMatchObject([{ state: 'consumed' }]);
  });

  it('that are refused say so in the log', async () => {
    const guard = createGuard(limited(claim({ max: 0 })));
    await expectRefusal(() => guard.call({ tool: 'refund', args: {} }, () => 1), 'limit_exceeded');
    expect(await storyOf(guard)).toEqual(['tool.deny limit_exceeded']);
  });

  it('may lease for as long as the longest body takes', async () => {
    const leases: number[] = [];
    const memory = memoryLimits();
    const limits = {
      ...memory,
      reserve: (claims: never, attempt: string, leaseMs: number) => {
        leases.push(leaseMs);
        return memory.reserve(claims, attempt, leaseMs);
      },
    };
    const guard = createGuard({ ...limited(claim()), limits });
    const day = 24 * 60 * 60_000;
    await guard.call({ tool: 'refund', args: {}, timeoutMs: day }, () => 1);
    expect(leases[0]).toBeGreaterThan(day);
  });
});
