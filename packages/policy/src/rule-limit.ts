import { canonical, type LimitClaim } from '@guardstile/core';

import { readField } from './conditions/check.ts';
import type { LimitDocument } from './document.ts';
import { durationMs } from './duration.ts';
import { type Place, readFields, readOneOf, readText } from './issues.ts';

/** A claim whose amount may be the value of a field of the arguments. */
export interface RuleLimit extends Omit<LimitClaim, 'amount'> {
  readonly amount: number | { readonly from: string };
}

const KEYS = ['id', 'amount', 'max', 'window', 'per', 'same'] as const satisfies ReadonlyArray<
  keyof LimitDocument
>;
const SAME = ['tool', 'call'] as const;
const PER = ['principal', 'tenant', 'session', 'agent', 'guard'] as const;

export function readLimit(value: unknown, place: Place): RuleLimit | undefined {
  const own = readFields(value, KEYS, place, 'a limit');
  if (own === undefined) return undefined;
  const id = readText(own.id, place.at('id'), 'the id of a limit');
  const amount = own.amount === undefined ? 1 : readAmount(own.amount, place.at('amount'));
  const max = readCount(own.max, place.at('max'), 0);
  const windowMs = own.window === 'running' ? own.window : durationMs(own.window);
  if (windowMs === undefined) {
    place
      .at('window')
      .wrong('it has to be a time such as 30m, 4h or 2d, or milliseconds, or "running"');
  }
  const per = own.per === undefined ? 'principal' : readOneOf(own.per, PER, place.at('per'), 'per');
  const same =
    own.same === undefined ? undefined : readOneOf(own.same, SAME, place.at('same'), 'same');
  if (own.same !== undefined && same === undefined) return undefined;
  if (id === undefined || amount === undefined || max === undefined) return undefined;
  if (windowMs === undefined || per === undefined) return undefined;
  return Object.freeze({
    id,
    amount,
    max,
    windowMs,
    per,
    ...(same === undefined ? {} : { same }),
  });
}

function readAmount(value: unknown, place: Place): RuleLimit['amount'] | undefined {
  if (typeof value !== 'object' || value === null) return readCount(value, place, 1);
  const own = readFields(value, ['from'], place, 'an amount');
  const from = own && readText(own.from, place.at('from'), 'the field that is counted');
  return from === undefined ? undefined : Object.freeze({ from });
}

/** Only whole numbers add up exactly. */
function readCount(value: unknown, place: Place, least: 0 | 1): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  return place.wrong(`it has to be a whole number, ${least} or more`);
}

/**
 * What a call uses; `undefined` where its arguments do not say. What is counted is exact: a whole
 * number above 0, of cents where it is money.
 */
export function claimOf(limit: RuleLimit, args: unknown): LimitClaim | undefined {
  const { amount } = limit;
  if (typeof amount === 'number') return limit as LimitClaim; // its amount is one
  const value = readField(args, [amount.from]);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) return undefined;
  return Object.freeze({ ...limit, amount: value });
}

/** A name that stands for two limits would count one call twice, against different bounds. */
export function checkLimits(
  limits: readonly RuleLimit[],
  known: Map<string, string>,
  place: Place,
): void {
  for (const [i, limit] of limits.entries()) {
    const means = canonical(limit);
    const before = known.get(limit.id);
    known.set(limit.id, before ?? means);
    if (before === undefined || before === means) continue;
    place.at(i).at('id').wrong(`"${limit.id}" is another limit elsewhere; give it another id`);
  }
}
