import type { Child, ChildEvent, Exit } from './child.ts';
import { deferred } from './deferred.ts';
import { fetchBroker } from './fetch-broker.ts';
import type { Limits } from './limits.ts';
import { errorOf, type Outcome } from './outcome.ts';
import { type Ceiling, watch } from './watchdog.ts';

/** What a call in a child is held to. */
export interface CallBounds {
  readonly limits: Limits;
  readonly ceiling: Ceiling;
  readonly signal: AbortSignal | undefined;
  /** What fetches for the child. */
  readonly fetch: typeof globalThis.fetch | undefined;
  /** What it means when a process ends before it has begun. */
  whyNotStarted(words: string): string;
}

/** One call in a fresh child, which is killed when the call is over, whatever came of it. */
export async function runCall(
  child: Child,
  request: { readonly name: string; readonly json: string },
  bounds: CallBounds,
): Promise<Outcome> {
  const { limits, ceiling, signal, fetch } = bounds;
  const broker = fetch === undefined ? undefined : fetchBroker(fetch, limits.maxOutputBytes, child);
  const ended = deferred<Outcome>();
  const abort = (): void => ended.resolve({ kind: 'aborted', cause: signal?.reason });
  const timer = setTimeout(
    () =>
      ended.resolve({
        kind: 'timeout',
        reason: `it did not finish within ${limits.timeoutMs} ms and was killed; it may still have had an effect`,
      }),
    limits.timeoutMs,
  );
  const unwatch = watch(child.pid, ceiling, (what) =>
    ended.resolve(
      what === 'memory'
        ? outOfMemory(limits)
        : {
            kind: 'crashed',
            reason: `it ran more than ${ceiling.processes} processes at once and was killed`,
          },
    ),
  );
  signal?.addEventListener('abort', abort, { once: true });
  child.hold(true);
  if (broker !== undefined) child.divert(broker.takes);
  try {
    if (signal?.aborted === true) abort();
    return await Promise.race([ended.promise, converse(child, request, bounds)]);
  } finally {
    child.kill();
    child.hold(false);
    broker?.end();
    clearTimeout(timer);
    unwatch();
    signal?.removeEventListener('abort', abort);
  }
}

async function converse(
  child: Child,
  { name, json }: { readonly name: string; readonly json: string },
  { limits, whyNotStarted }: CallBounds,
): Promise<Outcome> {
  const first = await child.ready;
  if (first.type === 'exit' && !isMemory(first.stderr)) {
    const words = oneLine(first.stderr);
    const reason = words === '' ? first.how : whyNotStarted(words);
    return { kind: 'unavailable', reason: `its process ended before it could start it: ${reason}` };
  }
  if (first.type !== 'message') return failure(first, limits);
  const missing = missingIn(first.value, name);
  if (missing !== undefined) return { kind: 'unavailable', reason: missing };
  void child.send(json);
  const event = await child.answer;
  return event.type === 'message' ? answered(event.value) : failure(event, limits);
}

/** Why a child that says that it is ready cannot run an export. */
function missingIn(message: unknown, name: string): string | undefined {
  const { failed, exports } = fieldsOf(message);
  if (typeof failed === 'string')
    return `its module cannot be loaded in the sandbox (${failed}); mend the module, or let the sandbox read what it imports with "read"`;
  if (Array.isArray(exports) && exports.includes(name)) return undefined;
  const there = Array.isArray(exports) && exports.length > 0 ? exports.join(', ') : 'none';
  return `its module exports no function "${name}" (functions it exports: ${there}); correct "export"`;
}

/** An answer; whoever wrote it may be hostile. */
function answered(message: unknown): Outcome {
  const answer = fieldsOf(message);
  if (typeof message !== 'object' || message === null) return garbage();
  if ('threw' in answer) {
    const { name, message: text, stack, code } = fieldsOf(answer['threw']);
    if (isMemory(text)) return { kind: 'memory', reason: `it ran out of memory (${String(text)})` };
    return { kind: 'threw', error: errorOf({ name, message: text, stack, code }) };
  }
  if ('thrown' in answer) return { kind: 'threw', error: answer['thrown'] };
  const { refused } = answer;
  if (typeof refused === 'string')
    return { kind: 'refused', reason: `${refused}; return plain data` };
  return { kind: 'value', value: answer['value'] };
}

/** Own fields only. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object.assign(Object.create(null) as object, value) as Record<string, unknown>; // of whatever kind
}

function garbage(): Outcome {
  return { kind: 'crashed', reason: 'it wrote something else than its result to descriptor 3' };
}

function failure(event: Exclude<ChildEvent, { type: 'message' }>, limits: Limits): Outcome {
  switch (event.type) {
    case 'flood':
      return {
        kind: 'output',
        reason: `its result is larger than ${limits.maxOutputBytes} bytes; return less, or raise maxOutputBytes`,
      };
    case 'deep':
      return {
        kind: 'output',
        reason: 'its result is nested too deeply; return something flatter',
      };
    case 'garbage':
      return garbage();
    default:
      return crash(event, limits);
  }
}

function crash({ how, stderr }: Exit, limits: Limits): Outcome {
  if (isMemory(stderr)) return outOfMemory(limits);
  if (how === UNSETTLED)
    return { kind: 'crashed', reason: 'it ended without a result: its promise can never settle' };
  const words = oneLine(stderr);
  return {
    kind: 'crashed',
    reason: `it ended without a result (${how})${words === '' ? '' : `: ${words}`}`,
  };
}

/** How Node ends when nothing is left that could settle what it awaits. */
const UNSETTLED = 'exit code 13';

function oneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' | ')
    .slice(-500);
}

function outOfMemory({ memoryMb }: Limits): Outcome {
  return {
    kind: 'memory',
    reason: `it used more than ${memoryMb} MB and was killed; let it do less at once, or raise memoryMb`,
  };
}

const MEMORY =
  /heap out of memory|Array buffer allocation failed|allocation failed - process out of memory/i;

function isMemory(text: unknown): boolean {
  return typeof text === 'string' && MEMORY.test(text);
}
