import { canonical, type Conditions, type LimitClaim, type Obligation } from '@guardstile/core';

import type { RuleObligation } from './document.ts';
import { type Place, readFields, readList, readOneOf, readTexts } from './issues.ts';
import { NO_REQUIREMENT, readRequires, uniteRequires } from './requires.ts';
import { readLimit, type RuleLimit } from './rule-limit.ts';

/** What has to happen with a call that runs: with its result, and with what it uses up. */
export interface Demands {
  readonly obligations: readonly Obligation[];
  readonly limits: readonly LimitClaim[];
  /** What has to be in force before it starts. */
  readonly requires: Conditions;
}

/** The same as a rule says it, before the arguments of a call are known. */
export interface RuleDemands extends Pick<Demands, 'obligations' | 'requires'> {
  readonly limits: readonly RuleLimit[];
}

const NOTHING: readonly never[] = Object.freeze([]);
export const NO_DEMANDS: Demands = Object.freeze({
  obligations: NOTHING,
  limits: NOTHING,
  requires: NO_REQUIREMENT,
});

/** `undefined` where nothing is demanded, or not in a way that is understood. */
export function readDemands(
  { obligations, limits, requires }: Readonly<Partial<Record<keyof Demands, unknown>>>,
  place: Place,
): RuleDemands | undefined {
  if ([obligations, limits, requires].every((one) => one === undefined)) return undefined;
  return Object.freeze({
    obligations: readItems(obligations, place.at('obligations'), readObligation),
    limits: readItems(limits, place.at('limits'), readLimit),
    requires:
      requires === undefined ? NO_REQUIREMENT : readRequires(requires, place.at('requires')),
  });
}

function readItems<T>(
  value: unknown,
  place: Place,
  item: (value: unknown, place: Place) => T | undefined,
): readonly T[] {
  if (value === undefined) return NOTHING;
  const list = readList(value, place, item);
  if (list?.length === 0) place.wrong('it is an empty list; leave it out');
  return Object.freeze([...(list ?? [])]);
}

/** Each with the one field that it has. */
const DETAILS = {
  redact: 'fields',
  cap: 'characters',
  label: 'labels',
} as const satisfies { readonly [Type in RuleObligation['type']]: string };

/** What no part of the guard can honour would not be done, so that nothing with it may run. */
function readObligation(value: unknown, place: Place): RuleObligation | undefined {
  const own = readFields(value, ['type', ...Object.values(DETAILS)], place, 'an obligation');
  if (own === undefined) return undefined;
  const types = Object.keys(DETAILS) as ReadonlyArray<RuleObligation['type']>; // its keys are just these
  const type = readOneOf(own.type, types, place.at('type'), 'what the guard does with a result');
  if (type === undefined) return undefined;
  const detail = DETAILS[type];
  for (const name of Object.values(DETAILS)) {
    if (name !== detail && own[name] !== undefined) {
      return place.at(name).wrong(`${type} has no ${name}; it has ${detail}`);
    }
  }
  if (type === 'cap') {
    const { characters } = own;
    if (isWhole(characters)) return Object.freeze({ type, characters });
    return place.at('characters').wrong('it has to be a whole number');
  }
  const texts = readTexts(own[detail], place.at(detail), detail);
  if (texts === undefined) return undefined;
  const names = Object.freeze([...new Set(texts)].sort());
  return Object.freeze(type === 'redact' ? { type, fields: names } : { type, labels: names });
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0; // a number, see before
}

/** What is demanded alike is demanded once: a limit of two rules is not used up twice. */
export function uniteDemands(all: readonly Demands[]): Demands {
  const [first = NO_DEMANDS, ...others] = all;
  if (others.length === 0) return first;
  return Object.freeze({
    obligations: unite(all.map(({ obligations }) => obligations)),
    limits: unite(all.map(({ limits }) => limits)),
    requires: uniteRequires(all.map(({ requires }) => requires)),
  });
}

function unite<T>(lists: ReadonlyArray<readonly T[]>): readonly T[] {
  return Object.freeze([...new Map(lists.flat().map((one) => [canonical(one), one])).values()]);
}
