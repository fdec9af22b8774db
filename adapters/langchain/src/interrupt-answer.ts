import { ownFields } from './own-fields.ts';

/** What a person answered to an interrupt about one call. */
export type InterruptAnswer =
  | { readonly kind: 'approve' }
  | { readonly kind: 'edit'; readonly name: string; readonly args: unknown }
  | { readonly kind: 'reject'; readonly note: string };

type Fields = Readonly<Record<string, unknown>>;

const NOT_UNDERSTOOD =
  'the answer was not understood; answer { decisions: [{ type: "approve" }] } or { decisions: [{ type: "reject", message }] }';

/**
 * The answer of whatever client resumed the graph: `{ decisions: [one] }` with edits in camel or
 * snake case, or the list of the Agent Inbox. Whatever else it is rejects, and so does an answer
 * that names another approval than the one asked for.
 */
export function interruptAnswer(value: unknown, aid: string): InterruptAnswer {
  if (Array.isArray(value)) return only(value, aid, ofInbox);
  const { decisions, aid: named } = ownFields(value);
  if (named !== undefined && named !== aid) return another(named);
  return Array.isArray(decisions) ? only(decisions, aid, ofDecision) : rejected();
}

function only(
  list: readonly unknown[],
  aid: string,
  read: (fields: Fields) => InterruptAnswer,
): InterruptAnswer {
  if (list.length !== 1) {
    return rejected(`it takes exactly one decision, and ${list.length} were given`);
  }
  const fields = ownFields(list[0]);
  return fields['aid'] === undefined || fields['aid'] === aid
    ? read(fields)
    : another(fields['aid']);
}

function ofDecision({
  type,
  message,
  editedAction,
  edited_action: snake,
}: Fields): InterruptAnswer {
  switch (type) {
    case 'approve':
      return { kind: 'approve' };
    case 'reject':
      return rejected(message ?? '');
    case 'edit':
      return sameWhereBoth(editedAction, snake)
        ? edited(ownFields(editedAction ?? snake), 'name')
        : rejected();
    default:
      return rejected();
  }
}

/** Clients of LangGraph send an edit in both spellings. */
function sameWhereBoth(camel: unknown, snake: unknown): boolean {
  if (camel === undefined || snake === undefined) return true;
  return JSON.stringify(camel) === JSON.stringify(snake);
}

function ofInbox({ type, args }: Fields): InterruptAnswer {
  switch (type) {
    case 'accept':
      return { kind: 'approve' };
    case 'ignore':
      return rejected('');
    case 'response':
      return rejected(args ?? '');
    case 'edit':
      return edited(ownFields(args), 'action');
    default:
      return rejected();
  }
}

function edited(action: Fields, nameField: 'name' | 'action'): InterruptAnswer {
  const { [nameField]: name, args } = action;
  const whole = typeof name === 'string' && typeof args === 'object' && args !== null;
  return whole && !Array.isArray(args) ? { kind: 'edit', name, args } : rejected();
}

/** A rejection is one whatever else is wrong with it. */
function rejected(note: unknown = NOT_UNDERSTOOD): InterruptAnswer {
  return { kind: 'reject', note: typeof note === 'string' ? note : NOT_UNDERSTOOD };
}

function another(aid: unknown): InterruptAnswer {
  const which = typeof aid === 'string' ? ` ${aid.slice(0, 100)}` : '';
  return rejected(`the answer is to another approval${which}`);
}
