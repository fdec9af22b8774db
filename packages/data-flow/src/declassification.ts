import type { Guard, Origin, PolicyAnswer, ToolIdentity, ToolRun } from '@guardstile/core';

import { classOf } from './origin.ts';

/** What a value may count as from now on. `public` lets it out although it is secret, and vouches for nothing. */
export type DeclassifiedAs = Extract<Origin, `trusted${string}`> | 'public';

/** That one value is worth more than where it came from. */
export interface Declassification {
  readonly value: string | number;
  readonly as: DeclassifiedAs;
  /** The function of `createDataFlow({ functions })` that says so. @default a person */
  readonly by?: string;
  /** The approval that was left open for it, once it has the votes it needs. */
  readonly approval?: string;
}

/** What is kept once it is allowed. */
export type Declassified = Pick<Declassification, 'value' | 'as'>;

/**
 * The arguments of the call that does it, as policy, approver and log see them. What is to become
 * public is a secret until then: under that name the guard hides it from logs, and from whoever
 * approves until it is revealed.
 */
interface DeclassifyArgs extends Pick<Declassification, 'as' | 'by'> {
  readonly value?: Declassification['value'];
  readonly secret?: Declassification['value'];
  /** Whether the function said so. */
  readonly holds?: boolean;
}

const TOOL: ToolIdentity = { source: 'guardstile', name: 'declassify' };

export function isDeclassify({ source, name }: ToolIdentity): boolean {
  return source === TOOL.source && name === TOOL.name;
}

/** Why these arguments are not to be run as they are: a person has to say so, or nobody may. */
export function objectionTo(args: unknown): { effect: 'ask' | 'deny'; reason: string } | undefined {
  const { as, by, holds } = Object.assign(Object.create(null) as object, args) as Partial<
    Record<keyof DeclassifyArgs, unknown>
  >;
  // Which value it is stands in the arguments, where secrets are hidden.
  const what = `that the value may count as ${shown(as)}`;
  if (by === undefined) return { effect: 'ask', reason: `a person has to say ${what}` };
  if (holds === true) return undefined;
  return { effect: 'deny', reason: `${shown(by)} does not say ${what}` };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : 'what is no text';
}

/**
 * A guarded call of the tool `declassify` that keeps the value in its body.
 *
 * @throws {GuardError} whenever it is not allowed.
 * @throws {TypeError} for what cannot be declassified.
 */
export async function runDeclassify(
  guard: Guard,
  given: Declassification,
  holds: boolean | undefined,
  keep: (rid: string, what: Declassified) => void | Promise<void>,
): Promise<void> {
  const problem = declassifyProblem(given);
  if (problem !== undefined) throw new TypeError(problem);
  const { value, as, by, approval } = given;
  const args: DeclassifyArgs = {
    ...(as === 'public' ? { secret: value } : { value }),
    as,
    ...(by === undefined ? {} : { by }),
    ...(holds === undefined ? {} : { holds }),
  };
  const objection = objectionTo(args);
  // Whatever the policy of the guard says: it may know nothing of data flow.
  const demands: readonly PolicyAnswer[] =
    objection === undefined ? [] : [{ ...objection, rule: 'declassify' }];
  const request = { facts: 'nonDestructive', args, demands } as const;
  const body = (own: DeclassifyArgs, { rid }: ToolRun): void | Promise<void> => {
    const what = { value: own.as === 'public' ? own.secret : own.value, as: own.as };
    const changed = declassifyProblem(what);
    if (changed !== undefined) throw new TypeError(changed);
    return keep(rid, what as Declassified); // nothing is wrong with it
  };
  await (approval === undefined
    ? guard.call({ ...request, tool: TOOL.name, source: TOOL.source }, body)
    : guard.resume(approval, body, request));
}

function declassifyProblem({
  value,
  as,
}: Readonly<Record<keyof Declassified, unknown>>): string | undefined {
  const isValue = typeof value === 'string' ? value.trim() !== '' : Number.isFinite(value);
  if (!isValue) return 'only one text or number can be declassified';
  const name = typeof as === 'string' ? classOf(as) : undefined;
  if (as === 'public' || name === 'trusted' || name === 'trusted-text') return undefined;
  return `"${String(as)}" is nothing that a value can be declassified as; use trusted, trusted-text, one of their kinds, or public`;
}
