import { type Digest, digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import { ownFields } from '../own-fields.ts';
import type { Redactor } from '../redact.ts';
import type { Approval, ApprovalEdit, EditedArgs, Vote } from './approval.ts';

/**
 * Names edited arguments by what they were and what was changed in them, so that whoever edits needs
 * neither the tool nor values that are hidden from him.
 */
export function editedDigest({ of, fields }: EditedArgs): Digest {
  return digest('edited-args', { of, fields });
}

/**
 * A vote for other arguments: those of the approval, with these top-level fields replaced.
 *
 * @throws {GuardError} `approval_invalid` for fields that may not be changed.
 */
export function editOf(
  approval: Approval,
  changed: Readonly<Record<string, unknown>>,
  vote: Omit<Vote, 'verdict' | 'digest' | 'edited'>,
  redactor: Redactor,
): ApprovalEdit {
  const { editable } = approval.requirements;
  const names = Object.keys(changed);
  const odd = names.find((name) => !editable.includes(name));
  if (odd !== undefined || names.length === 0) {
    const may = editable.length === 0 ? 'nothing' : editable.join(', ');
    throw new GuardError(
      'approval_invalid',
      `${odd ?? 'no field'} cannot be changed here; what every rule that asks lets an approver change is: ${may}`,
      { aid: approval.aid },
    );
  }
  const { of = approval.bindings.digest, fields: before = {} } = approval.edited ?? {};
  const fields = Object.freeze({ ...before, ...changed });
  const edited: EditedArgs = Object.freeze({ of, fields });
  const { value, hidden } = redactor.shown(changed);
  const kept = approval.hidden.filter((path) => !names.some((name) => isWithin(path, name)));
  return Object.freeze({
    edited,
    shown: Object.freeze({ ...without(approval.shown, names), ...ownFields(value) }),
    hidden: Object.freeze([...kept, ...hidden]),
    // As before, nobody where no voter is named, whatever a prototype lends.
    vote: Object.freeze(
      Object.assign(Object.create(null) as Vote, vote, {
        verdict: 'approve' as const,
        digest: editedDigest(edited),
        edited: Object.freeze({ ...ownFields(value) }),
      }),
    ),
  });
}

/** A value that an edit takes away is not shown any more either. */
function without(shown: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  const others = Object.entries(ownFields(shown)).filter(([name]) => !names.includes(name));
  return Object.fromEntries(others);
}

function isWithin(path: string, field: string): boolean {
  return [field, `[${JSON.stringify(field)}]`].some(
    (place) => path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`),
  );
}
