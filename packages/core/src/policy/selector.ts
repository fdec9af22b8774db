import type { CallContext } from '../call.ts';
import { type Decision, deny } from '../decision.ts';
import { drop } from '../drop.ts';
import { ownOptions } from '../own-options.ts';
import { isThenable } from '../steps.ts';
import { invalid } from './checks.ts';
import { combineNeeds } from './combine.ts';
import { policyOf } from './policy-of.ts';
import type { Policy, PolicyChange, PolicyInput, Ruling, ToolInfo } from './policy.ts';
import { rulingOf } from './ruling.ts';

/** Whose policy: an id, or an id within a tenant. A plain id never matches somebody of a tenant. */
export type UserKey = string | { readonly id: string; readonly tenant?: string };

/** A policy per key with a default, changeable while in use. */
export interface PolicySelector<Key> extends Policy {
  /** Replaces the policy of one key. */
  set(key: Key, policy: PolicyInput): void;
  setDefault(policy: PolicyInput): void;
  /** The policy of its own that the key has. */
  get(key: Key): Policy | undefined;
  /** Lets the key fall back to the default; does nothing where it has no policy of its own. */
  remove(key: Key): void;
}

export interface SelectorOptions {
  /** Policies by id. */
  readonly policies?: Readonly<Record<string, PolicyInput>>;
  /** Decides for everybody else, and for calls without an id. */
  readonly default: PolicyInput;
}

/** A policy per principal: `context.principal`. */
export function perUser(options: SelectorOptions): PolicySelector<UserKey> {
  return selector('perUser', 'user', options, {
    ofKey: (key) => (typeof key === 'string' ? userKey(key) : userKey(key.id, key.tenant)),
    ofContext: ({ principal }) =>
      principal === undefined ? undefined : userKey(principal.id, principal.tenant),
  });
}

/** A policy per agent: `context.agent`. */
export function perAgent(options: SelectorOptions): PolicySelector<string> {
  return selector('perAgent', 'agent', options, {
    ofKey: (key) => key,
    ofContext: ({ agent }) => agent,
  });
}

/** Unambiguous: a tenant is quoted, so that no id can imitate one. */
function userKey(id: string, tenant?: string): string {
  return tenant === undefined ? `=${id}` : `${JSON.stringify(tenant)}${id}`;
}

interface Keys<Key> {
  ofKey(key: Key): string;
  ofContext(context: CallContext): string | undefined;
}

function selector<Key extends UserKey>(
  name: string,
  what: string,
  options: SelectorOptions,
  keys: Keys<Key>,
): PolicySelector<Key> {
  const own = ownOptions(name, options, ['policies', 'default'], 'policy_invalid');
  const granting = (input: PolicyInput): Policy => {
    const policy = policyOf(input);
    if (policy.layer === 'grants') return policy;
    throw invalid(name, 'a policy that only restricts cannot be chosen; use it in layers()');
  };
  let fallback = granting(own.default);
  const policies = new Map<string, Policy>();
  for (const [id, policy] of Object.entries(own.policies ?? {})) {
    policies.set(keys.ofKey(id as Key), granting(policy)); // both kinds of key include string
  }
  const listeners = new Set<(change: PolicyChange) => unknown>();
  const watching: Array<() => void> = [];

  function chosen(context: CallContext): Policy {
    const key = keys.ofContext(context);
    return (key === undefined ? undefined : policies.get(key)) ?? fallback;
  }

  async function announce(change: PolicyChange): Promise<void> {
    await Promise.all(Array.from(listeners, (listener) => listener(change)));
  }

  function changed(change: string, from: Policy | undefined, to: Policy | undefined): void {
    if (from?.onChange !== undefined || to?.onChange !== undefined) watch();
    // It was made: nobody can refuse it any more.
    drop(announce({ policy: name, change, from: from?.digest({}), to: to?.digest({}) }));
  }

  /** For as long as somebody listens, a change within one of the policies is a change of this one. */
  function watch(): void {
    for (const undo of watching.splice(0)) undo();
    if (listeners.size === 0) return;
    for (const policy of new Set([fallback, ...policies.values()])) {
      const undo = policy.onChange?.(announce);
      if (undo !== undefined) watching.push(undo);
    }
  }

  return {
    name,
    layer: 'grants',
    digest: (context) => chosen(context).digest(context),
    get needs() {
      return combineNeeds([fallback, ...policies.values()].map(({ needs = {} }) => needs));
    },
    resolve(tool) {
      const rulings = new WeakMap<Policy, { readonly ruling: Ruling }>();
      const silent = (policy: Policy, context: CallContext): Decision =>
        deny(policy.digest(context), `the policy of this ${what} has no opinion`);
      return (call, context) => {
        const policy = chosen(context);
        const ruling = knownRuling(rulings, policy, tool);
        const opinion = typeof ruling === 'function' ? ruling(call, context) : ruling;
        if (!isThenable(opinion)) return opinion ?? silent(policy, context);
        return opinion.then((late) => late ?? silent(policy, context));
      };
    },
    set(key, policy) {
      const id = keys.ofKey(key);
      const [before, after] = [policies.get(id), granting(policy)];
      policies.set(id, after);
      changed(`policy of ${what} ${describe(key)} set`, before, after);
    },
    setDefault(policy) {
      const [before, after] = [fallback, granting(policy)];
      fallback = after;
      changed('default policy set', before, after);
    },
    get: (key) => policies.get(keys.ofKey(key)),
    remove(key) {
      const id = keys.ofKey(key);
      const before = policies.get(id);
      if (policies.delete(id))
        changed(`policy of ${what} ${describe(key)} removed`, before, undefined);
    },
    onChange(listener) {
      listeners.add(listener);
      if (listeners.size === 1) watch();
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) watch();
      };
    },
  };
}

function knownRuling(
  rulings: WeakMap<Policy, { readonly ruling: Ruling }>,
  policy: Policy,
  tool: ToolInfo,
): Ruling {
  let known = rulings.get(policy);
  if (known === undefined) {
    known = { ruling: rulingOf(policy, tool) };
    rulings.set(policy, known);
  }
  return known.ruling;
}

function describe(key: UserKey): string {
  if (typeof key === 'string') return key;
  return key.tenant === undefined ? key.id : `${key.id} of ${key.tenant}`;
}
