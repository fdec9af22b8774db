import { getEventListeners } from 'node:events';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyFlow, never, turn } from '../test/harness.ts';
import type { ApprovalStore } from './approvals/approval.ts';
import { memoryApprovals } from './approvals/memory.ts';
import type { AuditLog } from './audit/log.ts';
import { memoryAudit } from './audit/memory.ts';
import { GuardError } from './errors.ts';
import { createGuard } from './guard.ts';
import type { DataFlow } from './data-flow.ts';
import type { Labels } from './labels.ts';
import { memoryLabels } from './labels.ts';
import type { Limits } from './limits/limits.ts';
import { memoryLimits } from './limits/memory.ts';
import type { Obligation } from './obligations.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';
import type { Sandbox } from './sandbox/sandbox.ts';

// Every part of a guard that is somebody else's fails in some way, at random, and so does the caller.

type Fault = 'none' | 'later' | 'throws' | 'rejects' | 'hangs' | 'nonsense' | 'lost';

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fault>('none') },
  { weight: 4, arbitrary: fc.constant<Fault>('later') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Fault>('throws', 'rejects', 'hangs', 'nonsense', 'lost'),
  },
);

const NAMES = [
  'labels.get',
  'labels.add',
  'dataFlow.session',
  'dataFlow.starting',
  'dataFlow.observe',
  'sandbox.confine',
  'sandbox.check',
  'hooks.rewrite',
  'hooks.preTool',
  'hooks.postTool',
  'hooks.onEvent',
  'policy',
  'approvals.create',
  'approvals.vote',
  'approvals.consume',
  'approvals.cancel',
  'approver',
  'limits.reserve',
  'limits.settle',
  'limits.release',
  'audit.append',
  'secrets.get',
  'stopSwitch',
  'logger',
] as const;

type Name = (typeof NAMES)[number];
type Faults = Readonly<Record<Name, readonly Fault[]>>;

const faults: fc.Arbitrary<Faults> = fc.record(
  Object.fromEntries(
    NAMES.map((name) => [name, fc.array(fault, { minLength: 1, maxLength: 4 })]),
  ) as Record<Name, fc.Arbitrary<Fault[]>>,
);

/** Does what the fault says; the next call of the same part has the next fault. */
function injector(plan: Faults) {
  const used = new Map<Name, number>();
  return <T>(name: Name, work: () => T): T => {
    const n = used.get(name) ?? 0;
    used.set(name, n + 1);
    const list = plan[name];
    switch (list[n % list.length]) {
      case 'throws':
        throw new Error(`${name} throws`);
      case 'rejects':
        return Promise.reject(new Error(`${name} rejects`)) as T;
      case 'hangs':
        return never() as T;
      case 'nonsense':
        return { ok: 'perhaps' } as T;
      case 'later':
        return turn().then(work) as T;
      case 'lost': // It happened, and nobody hears of it.
        void work();
        return Promise.reject(new Error(`the answer of ${name} was lost`)) as T;
      default:
        return work();
    }
  };
}

interface Case {
  readonly plan: Faults;
  readonly effect: 'allow' | 'ask' | 'deny';
  readonly verdict: 'approve' | 'deny';
  readonly body: 'returns' | 'resolves' | 'throws' | 'hangs' | 'streams';
  /** After how many turns the caller gives up. */
  readonly abortAfter: number | undefined;
}

const cases: fc.Arbitrary<Case> = fc.record({
  plan: faults,
  effect: fc.constantFrom('allow', 'ask', 'allow', 'deny'),
  verdict: fc.constantFrom('approve', 'approve', 'deny'),
  body: fc.constantFrom('returns', 'resolves', 'throws', 'hangs', 'streams'),
  abortAfter: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined, freq: 3 }),
});

const LABEL: Obligation = { type: 'label', labels: ['seen'] };

function scenario({ plan, effect, verdict, body, abortAfter }: Case) {
  const inject = injector(plan);
  const audit = memoryAudit();
  const [approvals, limits, labels] = [memoryApprovals(), memoryLimits(), memoryLabels()];
  const controller = new AbortController();
  const log: AuditLog = {
    ...audit,
    append: (draft) => inject('audit.append', () => audit.append(draft)),
  };
  const faultyApprovals: ApprovalStore = {
    ...approvals,
    create: (draft, key) => inject('approvals.create', () => approvals.create(draft, key)),
    vote: (aid, vote, version) =>
      inject('approvals.vote', () => approvals.vote(aid, vote, version)),
    consume: (aid, claim, bindings) =>
      inject('approvals.consume', () => approvals.consume(aid, claim, bindings)),
    cancel: (aid) => inject('approvals.cancel', () => approvals.cancel(aid)),
  };
  const faultyLimits: Limits = {
    ...limits,
    reserve: (claims, attempt, lease) =>
      inject('limits.reserve', () => limits.reserve(claims, attempt, lease)),
    settle: (token) => inject('limits.settle', () => limits.settle(token)),
    release: (token) => inject('limits.release', () => limits.release(token)),
  };
  const faultyLabels: Labels = {
    ...labels,
    get: (key) => inject('labels.get', () => labels.get(key)),
    add: (key, more) => inject('labels.add', () => labels.add(key, more)),
  };
  const dataFlow: DataFlow = {
    name: 'flow',
    session: () => inject('dataFlow.session', () => emptyFlow().session({}, [])),
    starting: () => inject('dataFlow.starting', () => undefined),
    observe: () => inject('dataFlow.observe', () => ['seen']),
  };
  const sandbox: Sandbox = {
    ...noSandbox(),
    check: () => inject('sandbox.check', () => noSandbox().check()),
    confine: (call) => inject('sandbox.confine', () => ({ args: call.confined })),
  };
  const guard = createGuard({
    policy: () =>
      inject('policy', () => ({
        effect,
        obligations: [LABEL],
        limits: [{ id: 'once', max: 1, windowMs: 60_000 }],
      })),
    hooks: {
      timeoutMs: 5,
      rewrite: () => inject('hooks.rewrite', () => undefined),
      preTool: () => inject('hooks.preTool', () => undefined),
      postTool: () => inject('hooks.postTool', () => undefined),
      onEvent: () => inject('hooks.onEvent', () => undefined),
    },
    approver: () => inject('approver', () => verdict),
    approvals: faultyApprovals,
    limits: faultyLimits,
    labels: faultyLabels,
    dataFlow,
    sandbox,
    secrets: { name: 'vault', get: () => inject('secrets.get', () => 'the value') },
    stopSwitch: { stopped: () => inject('stopSwitch', () => undefined) },
    logger: {
      info: () => inject('logger', () => undefined),
      warn: () => inject('logger', () => undefined),
    },
    audit: log,
    storeTimeoutMs: 5,
    policyTimeoutMs: 5,
    approvalTimeoutMs: 5,
    timeoutMs: 20,
  });

  const started: Array<readonly string[]> = [];
  const run = (secrets: Readonly<Record<string, string>>): unknown => {
    const entries = audit.query() as ReadonlyArray<{ readonly action: string }>;
    started.push(entries.map(({ action }) => action));
    expect(secrets['KEY']).toBe('the value');
    switch (body) {
      case 'returns':
        return 'result';
      case 'resolves':
        return turn().then(() => 'result');
      case 'throws':
        return Promise.reject(new Error('the body failed'));
      case 'hangs':
        return never();
      case 'streams':
        return (async function* () {
          yield 'result';
        })();
    }
  };

  async function calling(): Promise<unknown> {
    const result: unknown = await guard.call(
      {
        tool: 'work',
        args: { n: 1 },
        secrets: ['KEY'],
        requires: { files: 'none' },
        context: { signal: controller.signal },
      },
      (_args, { secrets }) => run(secrets),
    );
    if (typeof result !== 'object' || result === null) return result;
    const chunks: unknown[] = [];
    for await (const chunk of result as AsyncIterable<unknown>) chunks.push(chunk);
    return chunks.join();
  }

  async function abort(): Promise<void> {
    for (let i = 0; i < (abortAfter ?? 0); i += 1) await turn();
    if (abortAfter !== undefined) controller.abort(new Error('the caller left'));
  }

  return { guard, audit, approvals, limits, controller, started, calling, abort };
}

describe('whatever fails, and whenever the caller leaves', () => {
  it('nothing runs that was not allowed and recorded, nothing hangs, nothing leaks, and the log verifies', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(String(error));
    process.on('unhandledRejection', note);
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const { guard, audit, controller, started, calling, abort } = scenario(one);
        const [settled] = await Promise.allSettled([calling(), abort()]);
        await guard.close();
        ran += started.length;

        // The body starts once at most, after an allow that is in the log and, if asked, a vote.
        expect(started.length).toBeLessThanOrEqual(1);
        for (const before of started) {
          expect(one.effect).not.toBe('deny');
          expect(before.at(-1)).toBe('tool.allow');
          if (one.effect === 'ask') {
            expect(one.verdict).toBe('approve');
            expect(before).toContain('approval.approve');
          }
        }
        // Who did not get a result knows why.
        if (settled.status === 'rejected' && started.length === 0) {
          expect(settled.reason).toBeInstanceOf(GuardError);
          expect((settled.reason as GuardError).message).toMatch(/^work: /);
        }
        if (settled.status === 'fulfilled') {
          expect(settled.value).toBe('result');
          expect(started).toHaveLength(1);
        }
        expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
        expect(await audit.verify()).toMatchObject({ ok: true });
      }),
      { numRuns: 400 },
    );
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    // The faults leave enough calls alive for all this to mean something.
    expect(ran).toBeGreaterThan(10);
  });
});
