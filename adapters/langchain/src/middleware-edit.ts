import { canonical } from '@guardstile/core';

import { plainValue } from './interrupt-payload.ts';
import { ownFields } from './own-fields.ts';

type Args = Readonly<Record<string, unknown>>;

/** The arguments of a call after a person edited some of them, or why they may not. */
export type Edited =
  | { readonly ok: true; readonly args: Args }
  | { readonly ok: false; readonly note: string };

export interface EditableCall {
  readonly name: string;
  /** As the model gave them: an edit applies to what the tool's schema takes. */
  readonly args: Args;
}

/** What an edit is held against. */
export interface Reviewed {
  /** The arguments as they were asked for: what others edited in what is shown is kept. */
  readonly args: unknown;
  /** Top-level fields that may be edited; absent where that was looked at before. */
  readonly editable?: readonly string[];
}

/**
 * Applies an edit to a call: to fields that the ask says may be edited, and to no other tool. The
 * edited call is decided on like any other.
 */
export function editedArgs(
  call: EditableCall,
  edit: { readonly name: string; readonly args: unknown },
  { args: shown, editable }: Reviewed,
): Edited {
  if (edit.name !== call.name) {
    return { ok: false, note: `an edit cannot turn ${call.name} into another tool` };
  }
  const before = ownFields(plainValue(shown));
  const after = ownFields(plainValue(edit.args));
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (field) => canonical(before[field]) !== canonical(after[field]),
  );
  const forbidden = changed.filter((field) => editable?.includes(field) === false);
  if (forbidden.length > 0) {
    const may = editable?.length === 0 ? 'nothing' : `only ${editable?.join(', ')}`;
    return { ok: false, note: `${may} of it may be edited, and ${forbidden.join(', ')} was` };
  }
  const kept = Object.entries(call.args).filter(([field]) => !changed.includes(field));
  const given = Object.entries(after).filter(([field]) => changed.includes(field));
  return { ok: true, args: Object.fromEntries([...kept, ...given]) };
}
