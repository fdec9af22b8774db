import { dataOf, itemsOf } from './data-of.ts';
import { kindOf } from './message-kind.ts';
import { shownContent } from './shown-content.ts';

/**
 * What the model reads of what a tool returned: no artifact, the content of a message, and what a
 * command says that adds one message and nothing else. What is no content stays as it is.
 */
export function shownResult(result: unknown, responseFormat: unknown): unknown {
  if (responseFormat === 'content_and_artifact' && Array.isArray(result) && result.length === 2) {
    return shownResult(result[0], undefined);
  }
  if (dataOf(result, 'lg_name') === 'Command') return commanded(result);
  const shown = shownContent(kindOf(result) === 'tool' ? dataOf(result, 'content') : result);
  return typeof shown === 'string' && shown !== '' ? shown : result;
}

function commanded(command: unknown): unknown {
  const update = dataOf(command, 'update');
  const [message, ...more] = itemsOf(dataOf(update, 'messages'));
  const isOne = kindOf(message) === 'tool' && more.length === 0;
  // What else it puts into the state another tool may show, and a step it starts may be told.
  const isAll = typeof update === 'object' && update !== null && Object.keys(update).length === 1;
  const isQuiet = isNames(dataOf(command, 'goto')) && dataOf(command, 'resume') === undefined;
  return isOne && isAll && isQuiet ? shownResult(message, undefined) : command;
}

/** Whether a command goes on with steps that see the state alone. */
function isNames(goto: unknown): boolean {
  if (goto === undefined || typeof goto === 'string') return true;
  return Array.isArray(goto) && itemsOf(goto).every((step) => typeof step === 'string');
}
