import type { CallContext, Principal } from '@guardstile/core';

import { type Place, readFields, readAnyOf } from './issues.ts';
import { any, type Truth } from './truth.ts';

/** A condition on who calls, ready to be tested. */
export interface WhoCheck {
  readonly name: 'id' | 'role' | 'tenant' | 'agent';
  readonly wants: string;
  readonly values: readonly string[];
  readonly test: (context: CallContext) => Truth;
  /** What the context has, for explanations. */
  readonly has: (context: CallContext) => unknown;
}

const NAMES = ['id', 'role', 'tenant', 'agent'] as const;

export function readWho(value: unknown, place: Place): readonly WhoCheck[] {
  const own = readFields(value, NAMES, place, 'who');
  if (own === undefined) return [];
  const named = NAMES.filter((name) => own[name] !== undefined);
  if (named.length === 0) place.wrong('it names nobody; leave it out for everybody');
  const tenanted = own.tenant !== undefined;
  return named.flatMap((name) => {
    const values = readAnyOf(own[name], place.at(name), name);
    if (values === undefined) return [];
    const wants = values.join(' or ');
    return [{ name, wants, values, has: HAS[name], test: testOf(name, values, tenanted) }];
  });
}

const HAS: Readonly<Record<WhoCheck['name'], (context: CallContext) => unknown>> = {
  id: (context) => ownField(principalOf(context), 'id'),
  role: (context) => ownField(principalOf(context), 'roles'),
  tenant: (context) => ownField(principalOf(context), 'tenant'),
  agent: (context) => ownField(context, 'agent'),
};

/** Who is not known is neither the one that a rule names nor known to be another. */
function testOf(
  name: WhoCheck['name'],
  values: readonly string[],
  tenanted: boolean,
): (context: CallContext) => Truth {
  const has = HAS[name];
  return (context) => {
    const given = has(context);
    if (name === 'role') {
      return Array.isArray(given) ? values.some((role) => given.includes(role)) : undefined;
    }
    if (typeof given !== 'string') return undefined;
    const named = any(values, (value) => value === given);
    // The same id in a tenant that the rule does not name can be somebody else.
    const elsewhere = name === 'id' && !tenanted && HAS.tenant(context) !== undefined;
    return named === true && elsewhere ? undefined : named;
  };
}

function principalOf(context: CallContext): Principal | undefined {
  return ownField(context, 'principal') as Principal | undefined; // checked where the context is made
}

function ownField(object: object | undefined, key: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) {
    return undefined;
  }
  return (object as Readonly<Record<string, unknown>>)[key];
}
