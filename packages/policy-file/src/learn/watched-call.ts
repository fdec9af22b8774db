import type { CallContext, FlowView, ToolFacts } from '@guardstile/core';

import type { Marked, RecordedArgs } from './recorded-args.ts';
import type { RecordedCall } from './recorded-calls.ts';

/** Told whenever a policy looks at what the log does not hold. */
export type Looked = (at: string) => void;

/** The arguments of a recorded call for a policy. */
export function watchedArgs(args: RecordedArgs, looked: Looked): unknown {
  switch (args.kind) {
    case 'exact':
      return args.value;
    case 'partial':
      return watchedValue(args.value, 'a value that was redacted or cut', looked);
    case 'missing':
      return watchedValue({ kind: 'hidden' }, 'arguments that were not recorded', looked);
  }
}

function watchedValue(value: Marked, what: string, looked: Looked): unknown {
  switch (value.kind) {
    case 'value':
      return value.value;
    case 'hidden':
      return watchedRecord(new Map(), true, what, looked);
    case 'list':
      return watchedList(value.items, value.open, what, looked);
    case 'record':
      return watchedRecord(value.fields, value.open, what, looked);
  }
}

function watchedRecord(
  fields: ReadonlyMap<string, Marked>,
  open: boolean,
  what: string,
  looked: Looked,
): object {
  const entries = [...fields].map(([name, field]) => [name, watchedValue(field, what, looked)]);
  const known = Object.fromEntries(entries) as object; // names and values
  const hidden = (key: PropertyKey): boolean =>
    fields.get(String(key))?.kind === 'hidden' || (open && !Object.hasOwn(known, key));
  return watched(known, hidden, open, () => looked(what));
}

function watchedList(
  items: readonly Marked[],
  open: boolean,
  what: string,
  looked: Looked,
): object {
  const known = items.map((item) => watchedValue(item, what, looked));
  const hidden = (key: PropertyKey): boolean =>
    (open && key === 'length') || items[Number(String(key))]?.kind === 'hidden';
  return watched(known, hidden, open, () => looked(what));
}

/** The same object, which tells when something is read that is not known. */
function watched<T extends object>(
  known: T,
  hidden: (key: PropertyKey) => boolean,
  open: boolean,
  looked: () => void,
): T {
  return new Proxy(known, {
    get(target, key) {
      if (typeof key === 'string' && hidden(key)) looked();
      return Reflect.get(target, key) as unknown;
    },
    has(target, key) {
      if (open && !Reflect.has(target, key)) looked();
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor(target, key) {
      if (open && !Object.hasOwn(target, key)) looked();
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    ownKeys(target) {
      if (open) looked();
      return Reflect.ownKeys(target);
    },
  });
}

/** Who called. Roles and attributes are in no entry. */
export function watchedContext(call: RecordedCall, looked: Looked): CallContext {
  const { user, tenant, agent, session } = call;
  return {
    ...(user === undefined ? {} : { principal: watchedPrincipal(user, tenant, looked) }),
    ...(agent === undefined ? {} : { agent }),
    ...(session === undefined ? {} : { session }),
  };
}

const NOT_RECORDED: readonly PropertyKey[] = ['roles', 'attributes'];

function watchedPrincipal(
  id: string,
  tenant: string | undefined,
  looked: Looked,
): NonNullable<CallContext['principal']> {
  const known = { id, ...(tenant === undefined ? {} : { tenant }) };
  const note = (key: PropertyKey): void => {
    if (NOT_RECORDED.includes(key)) looked(`${String(key)} of who called`);
  };
  return new Proxy(known, {
    get(target, key) {
      note(key);
      return Reflect.get(target, key) as unknown;
    },
    has(target, key) {
      note(key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor(target, key) {
      note(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
}

/** What the session had seen, which is in no entry. */
export function watchedFlow(looked: Looked): FlowView {
  const look = <T>(answer: T): T => {
    looked('where values of the session came from');
    return answer;
  };
  return {
    originOf: (value) => look({ value: String(value), sightings: [], complete: true }),
    isVouched: () => look(false),
    secretsIn: () => look([]),
    get origins() {
      return look([]);
    },
    get complete() {
      return look(true);
    },
  };
}

/** What is known of a tool. It tells when a policy decides by it. */
export function watchedFacts(facts: ToolFacts, looked: () => void): ToolFacts {
  return new Proxy(facts, {
    get(target, key) {
      looked();
      return Reflect.get(target, key) as unknown;
    },
  });
}
