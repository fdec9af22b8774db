import { GuardError } from '@guardstile/core';

/** Somebody who was authenticated by whoever passes him on. */
export interface Voter {
  readonly id: string;
  readonly roles?: readonly string[];
  /** Has to be the tenant of what is voted on; absent: that has none either. */
  readonly tenant?: string;
}

/**
 * The voter's own fields: a polluted prototype lends nobody a role.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function readVoter(who: string, voter: unknown): Voter {
  const own: { readonly id?: unknown; readonly roles?: unknown; readonly tenant?: unknown } =
    Object.assign(Object.create(null) as object, voter);
  const { id, roles = [], tenant } = own;
  const whole = isName(id) && Array.isArray(roles) && roles.every(isName);
  if (!whole || (tenant !== undefined && !isName(tenant))) {
    throw new GuardError(
      'options_invalid',
      `${who}: a voter has to be somebody, as in { id: "ann", roles: ["finance"], tenant: "acme" }`,
    );
  }
  return Object.freeze({
    id,
    roles: Object.freeze([...roles]),
    ...(tenant === undefined ? {} : { tenant }),
  });
}

const LONGEST_NAME = 500;

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME;
}
