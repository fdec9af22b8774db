import { dataOf } from './data-of.ts';

/** What the framework may add to the message of a person: that deep agents have put it into a file. */
const MAY_BE_NOTED: ReadonlySet<string> = new Set(['lc_evicted_to']);

/** What a client may say of a block of text that somebody typed. */
const OF_TYPED_TEXT: ReadonlySet<string> = new Set([
  'type',
  'text',
  'id',
  'index',
  'cache_control',
]);

/**
 * Whether a human message is plainly one that somebody typed. Summaries have a note in
 * `additional_kwargs`, what one agent tells another usually has its `name`, and what was the
 * message of a model still has what its provider said of it.
 */
export function isTyped(message: object): boolean {
  const name = dataOf(message, 'name');
  return (
    (name === undefined || name === null || name === '') &&
    hasOnly(dataOf(message, 'additional_kwargs'), MAY_BE_NOTED) &&
    hasOnly(dataOf(message, 'response_metadata'), NONE)
  );
}

/** Whether a block is typed text, and not that of an attached document. */
export function isTypedBlock(block: unknown): boolean {
  return (
    dataOf(block, 'type') === 'text' &&
    typeof dataOf(block, 'text') === 'string' &&
    hasOnly(block, OF_TYPED_TEXT)
  );
}

const NONE: ReadonlySet<string> = new Set();

function hasOnly(record: unknown, names: ReadonlySet<string>): boolean {
  if (record === undefined || record === null) return true;
  return (
    typeof record === 'object' &&
    Reflect.ownKeys(record).every((key) => typeof key === 'string' && names.has(key))
  );
}
