import type { GrantScope } from '../approvals/grant.ts';
import { CONFIRM, type Requirements, type VoteRequirement } from '../approvals/requirements.ts';
import { allow, ask, type Decision, deny } from '../decision.ts';
import { DURABILITIES, type Durability } from '../audit/log.ts';
import type { Digest } from '../digest.ts';
import { readObligation } from '../obligations.ts';
import { ownFields } from '../own-fields.ts';
import type { LimitClaim } from '../limits/limits.ts';
import { DIMENSIONS, GUARANTEE_LEVELS, type Guarantees } from '../sandbox/guarantees.ts';
import type { Opinion } from './policy.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where an answer came from. */
export interface AnswerSource {
  /** In words, such as `policy function "byAmount"`. */
  readonly name: string;
  readonly policy: Digest;
  /** Whether answering nothing means no opinion rather than a denial. */
  readonly optional: boolean;
}

class Nonsense extends Error {}

/**
 * Reads what a policy function, a hook or a framework answered. Only own properties count, so that
 * a polluted prototype decides nothing; whatever is not understood is a denial that says so.
 */
export function readAnswer(answer: unknown, source: AnswerSource): Opinion {
  if (answer === undefined && source.optional) return undefined;
  try {
    return decisionOf(answer, source);
  } catch (error) {
    const why = error instanceof Nonsense ? error.message : 'which could not be read';
    return deny(
      source.policy,
      `${source.name} answered ${why}; answer 'allow', 'ask' or 'deny', or { effect, reason }`,
      error instanceof UnknownObligation ? 'obligation_unknown' : 'policy_error',
    );
  }
}

class UnknownObligation extends Nonsense {}

/** `policy` and `code` are those of a decision that is handed on; this policy answers for it now. */
const DECISION_FIELDS = [
  'effect',
  'reason',
  'rule',
  'obligations',
  'limits',
  'conditions',
  'requirements',
  'policy',
  'code',
];

function decisionOf(answer: unknown, source: AnswerSource): Decision {
  const fields = typeof answer === 'string' ? { effect: answer } : answer;
  if (typeof fields !== 'object' || fields === null) {
    throw new Nonsense(answer === undefined ? 'nothing' : `a ${typeof answer}`);
  }
  const own = knownFields(fields, DECISION_FIELDS, 'an answer with a field that is not known');
  if (own['effect'] === 'allow' && own['requirements'] !== undefined) {
    throw new Nonsense('an allow with requirements, which only an ask can have');
  }
  const reason = text(own, 'reason') ?? `${source.name} says so`;
  const rule = text(own, 'rule');
  const extras = {
    ...(rule === undefined ? {} : { rule }),
    ...(own['obligations'] === undefined
      ? {}
      : { obligations: list(own['obligations'], obligation) }),
    ...(own['limits'] === undefined ? {} : { limits: list(own['limits'], limitClaim) }),
    ...(own['conditions'] === undefined ? {} : { conditions: conditions(own['conditions']) }),
  };
  switch (own['effect']) {
    case 'allow':
      return allow(source.policy, reason, extras);
    case 'ask':
      return ask(source.policy, reason, requirements(own['requirements'], rule), extras);
    case 'deny':
      return deny(source.policy, reason, 'denied', extras);
    default:
      throw new Nonsense(`the effect ${JSON.stringify(own['effect']) ?? 'undefined'}`);
  }
}

/** Nobody knows what a field meant that nobody reads: a misspelt `quorum` must not become no quorum. */
function knownFields(value: unknown, known: readonly string[], what: string): Fields {
  if (typeof value !== 'object' || value === null) throw new Nonsense(what);
  const own = ownFields(value);
  if (Object.keys(own).some((key) => !known.includes(key))) throw new Nonsense(what);
  return own;
}

function text(own: Fields, key: string): string | undefined {
  const value = own[key];
  if (value === undefined || typeof value === 'string') return value;
  throw new Nonsense(`a ${key} that is no text`);
}

function list<T>(value: unknown, item: (one: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw new Nonsense('something that is no list');
  return Object.freeze(Array.from(value, item)); // holes become undefined, which no item is
}

function obligation(value: unknown): Decision['obligations'][number] {
  const known = readObligation(value);
  if (known !== undefined) return known;
  throw new UnknownObligation('an obligation that no part of this guard can honour');
}

function positive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function texts(value: unknown, what: string): readonly string[] {
  return list(value, (item) => {
    if (typeof item === 'string') return item;
    throw new Nonsense(`${what} that are no texts`);
  });
}

const PER: readonly unknown[] = [undefined, 'principal', 'tenant', 'session', 'agent', 'guard'];
const SAME: readonly unknown[] = [undefined, 'tool', 'call'];

function limitClaim(value: unknown): LimitClaim {
  const own = knownFields(
    value,
    ['id', 'amount', 'max', 'windowMs', 'per', 'same'],
    'a limit that is not known',
  );
  const { id, amount = 1, max, windowMs, per, same } = own;
  const amountFits = Number.isSafeInteger(amount) && (amount as number) > 0; // an integer
  const maxFits = Number.isSafeInteger(max) && (max as number) >= 0;
  if (
    typeof id !== 'string' ||
    !amountFits ||
    !maxFits ||
    !(positive(windowMs) || windowMs === 'running') ||
    !PER.includes(per) ||
    !SAME.includes(same)
  ) {
    throw new Nonsense('a limit without an id, a whole amount above 0, a whole max, or a window');
  }
  // Checked field by field right above.
  return Object.freeze({ ...(own as unknown as LimitClaim) });
}

function conditions(value: unknown): Decision['conditions'] {
  const own = knownFields(value, ['sandbox', 'durability'], 'a condition that is not known');
  const { sandbox, durability } = own;
  if (durability !== undefined && !DURABILITIES.includes(durability as Durability)) {
    throw new Nonsense('a durability that is not known');
  }
  return Object.freeze({
    ...(sandbox === undefined ? {} : { sandbox: sandboxLevels(sandbox) }),
    ...(durability === undefined ? {} : { durability: durability as Durability }), // checked above
  });
}

function sandboxLevels(value: unknown): Partial<Guarantees> {
  const what = 'a sandbox requirement that is not known';
  const own = knownFields(value, DIMENSIONS, what);
  for (const level of Object.values(own)) {
    if (!(GUARANTEE_LEVELS as readonly unknown[]).includes(level)) throw new Nonsense(what);
  }
  return Object.freeze({ ...own });
}

function requirements(value: unknown, rule: string | undefined): Requirements {
  if (value === undefined) return CONFIRM;
  const { votes, expiresMs, editable, grants, rules, onExpiry, escalateTo } = knownFields(
    value,
    ['votes', 'expiresMs', 'editable', 'grants', 'rules', 'onExpiry', 'escalateTo'],
    'a requirement that is not known',
  );
  if (expiresMs !== undefined && !positive(expiresMs))
    throw new Nonsense('an expiry that is no time');
  const asked = votes === undefined ? CONFIRM.votes : list(votes, voteRequirement);
  if (asked.length === 0) throw new Nonsense('an ask that needs no vote');
  const own = rule === undefined ? [] : [rule];
  const asking = rules === undefined ? own : texts(rules, 'rules that ask').concat(own);
  return Object.freeze({
    votes: asked,
    ...(expiresMs === undefined ? {} : { expiresMs }),
    editable: editable === undefined ? CONFIRM.editable : texts(editable, 'editable fields'),
    grants: grants === undefined ? CONFIRM.grants : scopes(grants, asking),
    ...(asking.length === 0 ? {} : { rules: Object.freeze([...new Set(asking)]) }),
    ...expiry(onExpiry, escalateTo),
  });
}

function scopes(value: unknown, rules: readonly string[]): readonly GrantScope[] {
  const names = texts(value, 'grants');
  if (names.length > 0 && rules.length === 0) {
    throw new Nonsense('grants of an ask without a rule, which could not say what they answer');
  }
  if (names.every((name) => name === 'session' || name === 'always')) return names;
  throw new Nonsense('a grant that is not known');
}

function expiry(
  onExpiry: unknown,
  escalateTo: unknown,
): Pick<Requirements, 'onExpiry' | 'escalateTo'> {
  if (onExpiry === 'escalate') {
    const names = texts(escalateTo, 'people to escalate to');
    if (names.length > 0) return { onExpiry, escalateTo: names };
  } else if (escalateTo === undefined) {
    if (onExpiry === undefined || onExpiry === 'deny') return {};
    if (onExpiry === 'park') return { onExpiry };
  }
  throw new Nonsense('an end of the waiting time that is not known');
}

function voteRequirement(value: unknown): VoteRequirement {
  const what = 'a vote that is not known';
  const { kind, by, quorum = 1 } = knownFields(value, ['kind', 'by', 'quorum'], what);
  if (kind === 'confirm' && by === undefined) return Object.freeze({ kind });
  if (kind !== 'approvers') throw new Nonsense(what);
  const names = texts(by, 'approvers');
  if (names.length === 0 || !Number.isInteger(quorum) || (quorum as number) < 1) {
    throw new Nonsense('approvers without a name or with a quorum below one');
  }
  return Object.freeze({ kind, by: names, quorum: quorum as number }); // an integer, see above
}
