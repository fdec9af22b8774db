import { expect } from 'vitest';

import type { AuditEntry } from '../src/audit/entry.ts';
import type { AuditLog, AuditReceipt } from '../src/audit/log.ts';
import { memoryAudit } from '../src/audit/memory.ts';
import type { DataFlow, FlowView } from '../src/data-flow.ts';
import { GuardError, type GuardErrorCode } from '../src/errors.ts';
import type { GuardEvent } from '../src/events.ts';
import type { Guard } from '../src/guard.ts';
import type { MaybePromise } from '../src/steps.ts';

/** A promise that nobody ever settles. */
export function never<T = never>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/** One turn of the event loop: timers of 0 ms that were set before have fired. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** Waits for something that other work is about to bring about; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** What a promise rejects with, or the function throws; fails the test when it does neither. */
export async function thrownBy(run: () => unknown): Promise<unknown> {
  let value: unknown;
  try {
    value = await run();
  } catch (error) {
    return error;
  }
  throw new Error(`expected a refusal, but it answered ${String(value)}`);
}

/** The guard's own error that it refuses with. */
export async function refusalOf(run: () => unknown): Promise<GuardError> {
  const error = await thrownBy(run);
  if (error instanceof GuardError) return error;
  throw new Error('expected a GuardError', { cause: error });
}

/** A data flow whose sessions have seen nothing, and which keeps nothing. */
export function emptyFlow(): DataFlow {
  const view: FlowView = {
    originOf: (value) => ({ value: String(value), sightings: [], complete: true }),
    isVouched: () => false,
    secretsIn: () => [],
    origins: [],
    complete: true,
  };
  return { name: 'flow', session: () => view, starting: () => undefined, observe: () => [] };
}

/** Expects a refusal with this code that names the tool and what to do. */
export async function expectRefusal(run: () => unknown, code: GuardErrorCode): Promise<GuardError> {
  const error = await refusalOf(run);
  expect(error.code, error.message).toBe(code);
  return error;
}

/** Entries of the guard's log without the one that opens it. */
export async function entriesOf(guard: Guard): Promise<readonly AuditEntry[]> {
  const entries = (await guard.audit?.query()) ?? [];
  return entries.filter(({ kind }) => kind !== 'genesis');
}

/** The log as a story: one line per entry. */
export async function storyOf(guard: Guard): Promise<readonly string[]> {
  return (await entriesOf(guard)).map(({ action, status, code }) =>
    [action, status, code].filter((part) => part !== undefined).join(' '),
  );
}

export async function expectVerified(guard: Guard): Promise<void> {
  expect(await guard.audit?.verify()).toMatchObject({ ok: true });
}

/** Everything that listeners are told from now on. */
export function eventsOf(guard: Guard): GuardEvent[] {
  const heard: GuardEvent[] = [];
  guard.hook({ onEvent: (event) => heard.push(event) });
  return heard;
}

/** A log whose every append goes through `append`; what gets through is kept in memory. */
export function auditThrough(
  append: (action: string, keep: () => AuditReceipt) => MaybePromise<AuditReceipt>,
  log: Partial<AuditLog> = {},
): AuditLog {
  const memory = memoryAudit();
  return {
    ...memory,
    ...log,
    append: (draft) => append(draft.action, () => memory.append(draft) as AuditReceipt), // it answers at once
  };
}
