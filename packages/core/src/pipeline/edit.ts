import type { EditedArgs } from '../approvals/approval.ts';
import { digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import { isPlainRecord } from '../plain-record.ts';
import { snapshot } from '../snapshot.ts';
import type { Steps } from '../steps.ts';
import { argsDigest, type CallState } from './call-state.ts';
import { confine } from './judge.ts';
import { parse, setArgs } from './receive.ts';

/**
 * Puts what a person changed in the place of what was asked for. The schema and the sandbox see it
 * like any arguments, and it has to come out as the person wrote it: that is what was approved.
 */
export function* applyEdit(state: CallState, { of, fields: given }: EditedArgs): Steps<void> {
  // Whoever holds the edit may still change it: a copy is what runs, and what is consumed for.
  const fields = snapshot(given, state.parts.argumentLimits).value as EditedArgs['fields']; // a copy of it
  const asked = state.edited?.asked ?? state.call.args;
  setArgs(state, asked);
  yield* confine(state);
  if (argsDigest(state) !== of) throw changed('the arguments are not those that were edited');
  const { confined } = state.call;
  if (!isPlainRecord(asked) || !isPlainRecord(confined)) {
    throw changed('the arguments have no fields that could be edited');
  }
  // Remarks included: they run as they are shown, and parsing them again may change them.
  const written = digest('args', { ...confined, ...fields });
  setArgs(state, { ...asked, ...fields });
  const { schema } = state.tool;
  if (schema !== undefined) setArgs(state, yield* parse(state, schema));
  yield* confine(state);
  if (digest('args', state.call.confined) !== written) {
    throw changed("the tool's schema or the sandbox would make something else of the edited value");
  }
  state.edited = { asked, of, fields };
}

function changed(what: string): GuardError {
  return new GuardError('approval_invalid', `${what}; ask again, or edit to what it resolves to`);
}
