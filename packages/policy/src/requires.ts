import type { Conditions, GuaranteeLevel, Guarantees } from '@guardstile/core';

import { type Place, readFields, readOneOf } from './issues.ts';

export const NO_REQUIREMENT: Conditions = Object.freeze({});

const DIMENSIONS = [
  'files',
  'network',
  'processes',
  'environment',
  'memory',
  'cpu',
  'time',
] as const satisfies ReadonlyArray<keyof Guarantees>;

/** Both from weakest to strongest. */
const LEVELS: readonly GuaranteeLevel[] = ['none', 'args', 'runtime', 'interpreter', 'os'];
const DURABILITIES = ['memory', 'os', 'disk', 'replicated'] as const satisfies ReadonlyArray<
  NonNullable<Conditions['durability']>
>;

/** What has to be in force before a call runs. */
export function readRequires(value: unknown, place: Place): Conditions {
  const own = readFields(value, ['sandbox', 'durability'], place, 'requires');
  if (own === undefined) return NO_REQUIREMENT;
  const sandbox =
    own.sandbox === undefined ? undefined : readSandbox(own.sandbox, place.at('sandbox'));
  const durability =
    own.durability === undefined
      ? undefined
      : readOneOf(own.durability, DURABILITIES, place.at('durability'), 'durability');
  if (own.sandbox === undefined && own.durability === undefined) {
    place.wrong('it requires nothing; leave it out');
  }
  return conditionsOf(sandbox, durability);
}

function readSandbox(value: unknown, place: Place): Partial<Guarantees> {
  const own = readFields(value, DIMENSIONS, place, 'a sandbox') ?? {};
  const levels = DIMENSIONS.flatMap((dimension) => {
    const level =
      own[dimension] === undefined
        ? undefined
        : readOneOf(own[dimension], LEVELS, place.at(dimension), dimension);
    return level === undefined ? [] : [[dimension, level] as const];
  });
  return Object.freeze(Object.fromEntries(levels));
}

/** The strongest of each. */
export function uniteRequires(all: readonly Conditions[]): Conditions {
  const some = all.filter((one) => one !== NO_REQUIREMENT);
  const [first = NO_REQUIREMENT, ...others] = some;
  if (others.length === 0) return first;
  const sandboxes = some.flatMap(({ sandbox }) => sandbox ?? []);
  const levels = DIMENSIONS.flatMap((dimension) => {
    const level = strongest(
      LEVELS,
      sandboxes.flatMap((one) => one[dimension] ?? []),
    );
    return level === undefined ? [] : [[dimension, level] as const];
  });
  return conditionsOf(
    levels.length === 0 ? undefined : Object.freeze(Object.fromEntries(levels)),
    strongest(
      DURABILITIES,
      some.flatMap(({ durability }) => durability ?? []),
    ),
  );
}

function strongest<T>(order: readonly T[], given: readonly T[]): T | undefined {
  return order.findLast((one) => given.includes(one));
}

function conditionsOf(
  sandbox: Conditions['sandbox'],
  durability: Conditions['durability'],
): Conditions {
  return Object.freeze({
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(durability === undefined ? {} : { durability }),
  });
}
