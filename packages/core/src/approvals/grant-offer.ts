import { GuardError } from '../errors.ts';
import { ownFields } from '../own-fields.ts';
import { isPlainRecord } from '../plain-record.ts';
import type { Approval } from './approval.ts';
import type { GrantOffer } from './grant.ts';
import { grantable } from './requirements.ts';

/** Nobody remembers what was granted longer ago. */
const LONGEST_MS = 90 * 24 * 60 * 60_000;

/**
 * A grant as an approver may give it with this approval: no further than every rule that asks
 * offers, and bound to at least one field of the arguments.
 *
 * @throws {GuardError} `approval_invalid`.
 */
export function readGrantOffer(given: unknown, approval: Approval, args: unknown): GrantOffer {
  const { scope, fields, expiresMs, ...unknown } = ownFields(given);
  const invalid = (what: string): GuardError =>
    new GuardError('approval_invalid', `the grant ${what}; approve it without one or ask again`, {
      aid: approval.aid,
    });
  if (Object.keys(unknown).length > 0) throw invalid('has fields that are not known');
  const scopes = grantable(approval.requirements);
  const known = scopes.find((one) => one === scope);
  if (known === undefined)
    throw invalid(`is not offered here (offered: ${scopes.join(', ') || 'none'})`);
  if (approval.bindings.principal === undefined) {
    throw invalid('is for one person, and nobody says on whose behalf this call is made');
  }
  if (scope === 'session' && approval.bindings.session === undefined) {
    throw invalid('is for one session, and this call is of none');
  }
  const names = grantableFields(args);
  if (names === undefined) throw invalid('needs arguments with fields that it can be bound to');
  if (!Array.isArray(fields) || !fields.every((field) => names.includes(field as string))) {
    throw invalid(`names no fields of the arguments (there are: ${names.join(', ')})`);
  }
  if (fields.length === 0 && names.length > 0) throw invalid('is bound to no field at all');
  if (typeof expiresMs !== 'number' || !(expiresMs > 0 && expiresMs <= LONGEST_MS)) {
    throw invalid('needs a time of at most 90 days after which it ends');
  }
  return Object.freeze({
    scope: known,
    fields: Object.freeze([...new Set(fields as readonly string[])].sort()), // names, see above
    expiresMs,
  });
}

/**
 * The fields of arguments that a grant can be bound to; nothing for arguments such as a text, of which
 * it could tell none from another.
 */
export function grantableFields(args: unknown): readonly string[] | undefined {
  if (args === undefined) return [];
  return isPlainRecord(args) || Array.isArray(args) ? Object.keys(args) : undefined;
}
