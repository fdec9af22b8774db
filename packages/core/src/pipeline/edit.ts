import type { EditedArgs } from '../approvals/approval.ts';
import { GuardError } from '../errors.ts';
import { ownFields } from '../own-fields.ts';
import type { Steps } from '../steps.ts';
import { argsDigest, type CallState, digestOf } from './call-state.ts';
import { confine } from './judge.ts';
import { parse, setArgs } from './receive.ts';

/**
 * Puts what a person changed in the place of what was asked for. The schema and the sandbox see it
 * like any arguments, and it has to come out as the person wrote it: that is what was approved.
 */
export function* applyEdit(state: CallState, edited: EditedArgs): Steps<void> {
  const asked = state.edited?.asked ?? state.call.args;
  setArgs(state, asked);
  yield* confine(state);
  if (argsDigest(state) !== edited.of)
    throw changed('the arguments are not those that were edited');
  const written = digestOf(state, { ...ownFields(state.call.confined), ...edited.fields });
  setArgs(state, { ...ownFields(asked), ...edited.fields });
  const { schema } = state.tool;
  if (schema !== undefined) setArgs(state, yield* parse(state, schema));
  yield* confine(state);
  if (argsDigest(state) !== written) {
    throw changed("the tool's schema or the sandbox would make something else of the edited value");
  }
  state.edited = { asked, ...edited };
}

function changed(what: string): GuardError {
  return new GuardError('approval_invalid', `${what}; ask again, or edit to what it resolves to`);
}
