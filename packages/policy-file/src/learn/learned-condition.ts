import type { Condition, Literal, Where } from '@guardstile/policy';

import type { ValueSummary } from './value-summary.ts';

/** What a field had to be so far, as far as that can be said, and in words what it leaves open. */
interface LearnedCondition {
  readonly condition?: Condition;
  readonly notes: readonly string[];
}

/** Conditions of the fields of calls, and in words what they leave open. */
export interface LearnedWhere {
  readonly where: Where;
  readonly notes: readonly string[];
}

/** A few paths are listed; of more, their directories say more. */
const FEW_PATHS = 3;
/** What references and marks of the log begin with. */
const RESERVED = /^\$|^__proto__$|^$/;

/** Everything that held for all of so many records. */
export function learnedWhere({ fields, more, seen }: ValueSummary): LearnedWhere {
  const where: [name: string, condition: Condition][] = [];
  const notes: string[] = more ? ['fields beyond these were not looked at'] : [];
  for (const [name, summary] of [...fields].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const learned = RESERVED.test(name) ? open('a rule cannot name it') : conditionOf(summary);
    notes.push(...learned.notes.map((note) => `${name}: ${note}`));
    if (learned.condition === undefined) continue;
    where.push([name, summary.seen === seen ? learned.condition : whereThere(learned.condition)]);
  }
  return { where: Object.fromEntries(where), notes };
}

function open(note: string): LearnedCondition {
  return { notes: [`not restricted, ${note}`] };
}

function held(condition: Condition): LearnedCondition {
  return { condition, notes: [] };
}

/** Holds where the field is not there. */
function whereThere(condition: Condition): Condition {
  return { not: { exists: true, not: condition } };
}

function conditionOf(summary: ValueSummary): LearnedCondition {
  const { hidden, kinds, literals, directories } = summary;
  if (hidden > 0) return open(`the log hides ${hidden} of its values`);
  const [kind, ...others] = kinds;
  const alone = others.length === 0;
  const few = literals !== undefined && literals.length <= FEW_PATHS;
  if (alone && directories !== undefined && !few) return held({ path: { under: directories } });
  if (alone && kind === 'number') return numberCondition(summary);
  if (literals !== undefined && [...kinds].every((one) => SCALARS.has(one))) {
    const [only = null, ...rest] = literals;
    return held(rest.length > 0 ? { in: sorted(literals) } : only);
  }
  if (!alone) return open(`it had values of different kinds (${[...kinds].join(', ')})`);
  return kind === 'text' ? textCondition(summary) : partsCondition(summary);
}

const SCALARS: ReadonlySet<string> = new Set(['text', 'number', 'boolean', 'null']);

function numberCondition({ numbers }: ValueSummary): LearnedCondition {
  if (numbers === undefined) return open('it had no number');
  const { least, most } = numbers;
  return held(least === most ? least : { gte: least, lte: most });
}

function textCondition({ hosts, mailHosts, seen }: ValueSummary): LearnedCondition {
  if (hosts !== undefined) return held({ domain: hosts.toSorted() });
  if (mailHosts !== undefined) {
    return held({ email: mailHosts.map((host) => `*@${host}`).toSorted() });
  }
  return open(`it had ${seen} texts, too many different ones to list`);
}

function partsCondition(summary: ValueSummary): LearnedCondition {
  const { kinds, items, more } = summary;
  if (kinds.has('record')) {
    const { where, notes } = learnedWhere(summary);
    return Object.keys(where).length === 0 ? { notes } : { condition: { where }, notes };
  }
  if (!kinds.has('list') || more) return open('it had values that a rule cannot compare');
  if (items === undefined) return open('it was always an empty list');
  const { condition, notes } = conditionOf(items);
  return { ...(condition === undefined ? {} : { condition: { every: condition } }), notes };
}

function sorted(values: readonly Literal[]): readonly Literal[] {
  return values.toSorted((a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return String(a) < String(b) ? -1 : 1;
  });
}
