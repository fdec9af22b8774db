import { canonical, type Conditions, type Decision, type Policy } from '@guardstile/core';
import { expect } from 'vitest';
import type { RandomCall } from './arbitrary.ts';

/** What a policy of rules decides, which it does at once. */
export function decide(policy: Policy, { info, call, context }: RandomCall): Decision | undefined {
  const ruling = policy.resolve(info);
  const opinion = typeof ruling === 'function' ? ruling(call, context) : ruling;
  if (opinion instanceof Promise) throw new Error('rules decide at once');
  return opinion as Decision | undefined; // no promise, see above
}

/** A decision as text, without the digest, which is another one for another policy. */
export function meaningOf(decision: Decision | undefined): string {
  return canonical(decision === undefined ? null : { ...decision, policy: '' });
}

/** From least to most restrictive; no opinion restricts nothing. */
export function rank(decision: Decision | undefined): number {
  return decision === undefined ? 0 : ['allow', 'ask', 'deny'].indexOf(decision.effect);
}

function expectAll(some: readonly unknown[], among: readonly unknown[]): void {
  const all = new Set(among.map(canonical));
  expect(some.filter((one) => !all.has(canonical(one)))).toEqual([]);
}

const LEVELS = [undefined, 'none', 'args', 'runtime', 'interpreter', 'os'];
const DURABILITIES = [undefined, 'memory', 'os', 'disk', 'replicated'];

function expectNoLess(then: Conditions, now: Conditions): void {
  expect(DURABILITIES.indexOf(now.durability)).toBeGreaterThanOrEqual(
    DURABILITIES.indexOf(then.durability),
  );
  for (const [dimension, level] of Object.entries(then.sandbox ?? {})) {
    expect(
      LEVELS.indexOf(now.sandbox?.[dimension as keyof typeof now.sandbox]), // its own key
    ).toBeGreaterThanOrEqual(LEVELS.indexOf(level));
  }
}

/** Whether nothing runs after that did not run before, nothing is demanded less, and no ask needs less. */
export function expectNoWider(after: Decision | undefined, before: Decision | undefined): void {
  if (rank(after) < rank(before)) expect(after).toEqual(before);
  if (after?.effect !== 'deny') {
    expectAll(before?.obligations ?? [], after?.obligations ?? []);
    expectAll(before?.limits ?? [], after?.limits ?? []);
    expectNoLess(before?.conditions ?? {}, after?.conditions ?? {});
  }
  if (after?.effect !== 'ask' || before?.effect !== 'ask') return;
  const [now, then] = [after.requirements, before.requirements];
  expectAll(then.votes, now.votes);
  expectAll(now.editable, then.editable);
  expectAll(now.grants, then.grants);
  if (now.onExpiry !== undefined) expect(now.onExpiry).toBe(then.onExpiry);
  expectAll(now.escalateTo ?? [], then.escalateTo ?? []);
  expect(now.expiresMs ?? Infinity).toBeLessThanOrEqual(then.expiresMs ?? Infinity);
}
