import type { GrantScope, Requirements, VoteRequirement } from '@guardstile/core';

import { durationMs } from './duration.ts';
import { type Place, readFields, readList, readOneOf, readTexts } from './issues.ts';

const CONFIRM: readonly VoteRequirement[] = Object.freeze([
  Object.freeze({ kind: 'confirm' as const }),
]);
const NONE: readonly never[] = Object.freeze([]);

/** What an ask needs where a rule says no more: the requester confirms. */
export const CONFIRMED: Requirements = Object.freeze({
  votes: CONFIRM,
  editable: NONE,
  grants: NONE,
});

const GRANTS: readonly GrantScope[] = ['session', 'always'];
const NAMES = ['by', 'quorum', 'expires', 'onExpiry', 'editable', 'grants'] as const;

/** What an ask needs. */
export function readApprove(value: unknown, place: Place): Requirements | undefined {
  const own = readFields(value, NAMES, place, 'approve');
  if (own === undefined) return undefined;
  const votes = readVotes(own.by, own.quorum, place);
  const expiresMs = own.expires === undefined ? undefined : durationMs(own.expires);
  if (own.expires !== undefined && expiresMs === undefined) {
    place.at('expires').wrong('it has to be a time such as 30m, 4h or 2d, or milliseconds');
  }
  const late = own.onExpiry === undefined ? {} : readExpiry(own.onExpiry, place.at('onExpiry'));
  const editable = readEach(own.editable, place.at('editable'), (item, at) =>
    typeof item === 'string' && item !== '' ? item : at.wrong('it has to be text'),
  );
  const grants = readEach(own.grants, place.at('grants'), (item, at) =>
    readOneOf(item, GRANTS, at, 'a grant'),
  );
  if (votes === undefined || editable === undefined || grants === undefined) return undefined;
  return Object.freeze({
    votes,
    ...(expiresMs === undefined ? {} : { expiresMs }),
    ...late,
    editable,
    grants,
  });
}

/** What becomes of an ask that nobody answers in time. */
function readExpiry(value: unknown, place: Place): Pick<Requirements, 'onExpiry' | 'escalateTo'> {
  if (value === 'deny') return {};
  if (value === 'park') return { onExpiry: value };
  if (typeof value !== 'object') {
    place.wrong('it has to be deny, park, or { escalateTo: … }');
    return {};
  }
  const to = readFields(value, ['escalateTo'], place, 'onExpiry')?.escalateTo;
  const people = readTexts(to, place.at('escalateTo'), 'escalateTo') ?? [];
  return { onExpiry: 'escalate', escalateTo: Object.freeze([...new Set(people)].sort()) };
}

function readVotes(
  by: unknown,
  quorum: unknown,
  place: Place,
): readonly VoteRequirement[] | undefined {
  if (by === undefined) {
    return quorum === undefined
      ? CONFIRM
      : place.at('quorum').wrong('a quorum needs approvers: say who with by');
  }
  const approvers = readTexts(by, place.at('by'), 'by');
  const least = quorum ?? 1;
  if (typeof least !== 'number' || !Number.isSafeInteger(least) || least < 1) {
    return place.at('quorum').wrong('it has to be a whole number above 0');
  }
  if (approvers === undefined) return undefined;
  const people = [...new Set(approvers)];
  if (people.length < least && !people.some((name) => name.startsWith('role:'))) {
    return place.at('quorum').wrong(`${least} can never agree, since by names ${people.length}`);
  }
  return Object.freeze([
    Object.freeze({ kind: 'approvers' as const, by: Object.freeze(people.sort()), quorum: least }),
  ]);
}

function readEach<T extends string>(
  value: unknown,
  place: Place,
  item: (value: unknown, place: Place) => T | undefined,
): readonly T[] | undefined {
  if (value === undefined) return NONE;
  const list = readList(value, place, item);
  return list === undefined ? undefined : Object.freeze([...new Set(list)].sort());
}
