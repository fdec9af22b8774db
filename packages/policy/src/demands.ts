import { canonical, type LimitClaim, type Obligation } from '@guardstile/core';

import type { LimitDocument } from './document.ts';
import { durationMs } from './duration.ts';
import { type Place, readFields, readList, readOneOf, readText, readTexts } from './issues.ts';

/** What has to happen with a call that runs: with its result, and with what it uses up. */
export interface Demands {
  readonly obligations: readonly Obligation[];
  readonly limits: readonly LimitClaim[];
}

const NOTHING: readonly never[] = Object.freeze([]);
export const NO_DEMANDS: Demands = Object.freeze({ obligations: NOTHING, limits: NOTHING });

/** `undefined` where nothing is demanded, or not in a way that is understood. */
export function readDemands(
  obligations: unknown,
  limits: unknown,
  place: Place,
): Demands | undefined {
  if (obligations === undefined && limits === undefined) return undefined;
  return Object.freeze({
    obligations: readItems(obligations, place.at('obligations'), readObligation),
    limits: readItems(limits, place.at('limits'), readLimit),
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
} as const satisfies { readonly [Type in Obligation['type']]: string };

/** What no part of the guard can honour would not be done, so that nothing with it may run. */
function readObligation(value: unknown, place: Place): Obligation | undefined {
  const own = readFields(value, ['type', ...Object.values(DETAILS)], place, 'an obligation');
  if (own === undefined) return undefined;
  const types = Object.keys(DETAILS) as ReadonlyArray<Obligation['type']>; // its keys are just these
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

const LIMIT_KEYS = ['id', 'amount', 'max', 'window', 'per'] as const satisfies ReadonlyArray<
  keyof LimitDocument
>;
const PER = ['principal', 'tenant', 'session', 'agent', 'guard'] as const;

function readLimit(value: unknown, place: Place): LimitClaim | undefined {
  const own = readFields(value, LIMIT_KEYS, place, 'a limit');
  if (own === undefined) return undefined;
  const id = readText(own.id, place.at('id'), 'the id of a limit');
  const amount = own.amount === undefined ? 1 : readCount(own.amount, place.at('amount'));
  const max = readCount(own.max, place.at('max'));
  const windowMs = durationMs(own.window);
  if (windowMs === undefined) {
    place.at('window').wrong('it has to be a time such as 30m, 4h or 2d, or milliseconds');
  }
  const per = own.per === undefined ? 'principal' : readOneOf(own.per, PER, place.at('per'), 'per');
  if (id === undefined || amount === undefined || max === undefined) return undefined;
  if (windowMs === undefined || per === undefined) return undefined;
  return Object.freeze({ id, amount, max, windowMs, per });
}

function readCount(value: unknown, place: Place): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  return place.wrong('it has to be a finite number, 0 or more');
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
  });
}

function unite<T>(lists: ReadonlyArray<readonly T[]>): readonly T[] {
  return Object.freeze([...new Map(lists.flat().map((one) => [canonical(one), one])).values()]);
}

/** A name that stands for two limits would count one call twice, against different bounds. */
export function checkLimits(
  limits: readonly LimitClaim[],
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
