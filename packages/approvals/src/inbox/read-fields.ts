import { type InboxRefusal, refuse } from './inbox-refusal.ts';

/** Longest edit, in characters of its JSON. */
const LONGEST_EDIT = 65_536;

type Fields = Readonly<Record<string, unknown>>;

/** The fields of an edit as JSON values: whatever else they held would not come back from a store. */
export function readFields(fields: unknown): { readonly fields: Fields } | InboxRefusal {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return refuse('not-editable', 'an edit has to be a record of the fields that it changes');
  }
  let text: string;
  try {
    text = JSON.stringify({ ...fields });
  } catch {
    return refuse('not-editable', 'an edit has to be made of JSON values');
  }
  if (text.length > LONGEST_EDIT) {
    return refuse(
      'too-long',
      `an edit has at most ${LONGEST_EDIT} characters of JSON, and this one has ${text.length}`,
    );
  }
  const copy = Object.freeze(JSON.parse(text) as Fields); // an object was written
  const lost = Object.keys(fields).find((name) => !Object.hasOwn(copy, name));
  if (lost === undefined) return { fields: copy };
  return refuse('not-editable', `${lost} has to be a JSON value; a field cannot be removed`);
}
