import type { FlowView, SessionKey } from '@guardstile/core';

import { type FlowEntry, readEntry } from './flow-entry.ts';
import type { FlowStore } from './flow-store.ts';
import { createSessionFlow, type SessionFlow, type SessionFlowOptions } from './session-flow.ts';
import { sessionText } from './session-key.ts';
import { type Steps, wait } from './steps.ts';

/** What a session has seen; sub-agents share that of the session that started them. */
export interface Memory {
  /** Under which it is kept elsewhere. */
  readonly key: SessionKey;
  readonly flow: SessionFlow;
  /** The same for whoever may only look things up. */
  readonly view: FlowView;
  /** Turns that were kept: as they are, and those of other processes by their digests. */
  readonly turns: { readonly user: Set<string>; readonly tool: Set<string> };
  readonly digests: Set<string>;
  /** The framework's ids of calls that were observed. */
  readonly calls: Set<string>;
  /** How many entries of it are known, where it is kept elsewhere. */
  position: number;
}

/** The memories of many sessions. */
export interface Memories {
  /** The memory of a session, up to date. One that begins with history nobody observed is incomplete. */
  of(key: SessionKey, arrives: 'new' | 'with-history'): Steps<Memory>;
  /** The same where nothing has to be waited for, or done about it. */
  peek(key: SessionKey): Memory | undefined;
  /** A call of the framework's id is over: what the conversation holds of it is nothing new. */
  know(key: SessionKey, call: string): void;
  /** Keeps what happened; on return it is sure to stay. */
  add(memory: Memory, entry: FlowEntry): Steps<void>;
  /** Makes two one: what either has seen, both have. */
  join(child: SessionKey, parent: Memory): Steps<Memory>;
  end(key: SessionKey): Steps<void>;
  readonly size: number;
}

export interface MemoriesOptions extends Pick<SessionFlowOptions, 'maxText'> {
  readonly seed: number | undefined;
  readonly maxSessions: number;
  readonly store: FlowStore | undefined;
}

/** Something was not seen. */
export const MISSED: FlowEntry = { kind: 'missed', what: 'content' };

/** Most ids of calls that are remembered; results of others count as not observed. */
const MOST_CALLS = 100_000;
/** A session may be one with another that is one with another; nobody does that often. */
const MOST_JOINS = 64;

/**
 * Memories by tenant, principal and session: a session id alone is never trusted. One that was
 * forgotten for want of room, and is kept nowhere else, comes back incomplete.
 */
export function createMemories(options: MemoriesOptions): Memories {
  const { maxSessions, store, seed, ...limits } = options;
  const each = seed === undefined ? limits : { ...limits, seed };
  const memories = new Map<string, Memory>();
  const forgotten = createForgotten();

  function newMemory(key: SessionKey): Memory {
    const flow = createSessionFlow(each);
    const view = viewOf(flow);
    return {
      key,
      flow,
      view,
      turns: { user: new Set(), tool: new Set() },
      digests: new Set(),
      calls: new Set(),
      position: 0,
    };
  }

  /** The first in the map is the one unused for longest. */
  function remember(name: string, memory: Memory): void {
    memories.delete(name);
    memories.set(name, memory);
    const [oldest] = memories.size > maxSessions ? memories.keys() : [];
    if (oldest === undefined) return;
    memories.delete(oldest);
    if (store === undefined) forgotten.add(oldest);
  }

  function forget(memory: Memory): void {
    for (const [name, own] of memories) if (own === memory) memories.delete(name);
  }

  function* of(key: SessionKey, arrives: 'new' | 'with-history'): Steps<Memory> {
    const name = sessionText(key);
    const known = memories.get(name);
    if (known !== undefined) {
      if (memories.size >= maxSessions) remember(name, known);
      yield* catchUp(known);
      return known;
    }
    const memory = yield* restored(key);
    const isNew = memory.key === key && memory.position === 0;
    if (isNew && (arrives === 'with-history' || forgotten.has(name))) yield* add(memory, MISSED);
    remember(name, memory);
    return memory;
  }

  /** A session as it is kept elsewhere, or an empty one. */
  function* restored(first: SessionKey): Steps<Memory> {
    let key = first;
    for (let joins = 0; joins < MOST_JOINS; joins += 1) {
      const known = memories.get(sessionText(key));
      if (known !== undefined) {
        yield* catchUp(known);
        return known;
      }
      const memory = newMemory(key);
      const to = yield* readOn(memory);
      if (to === undefined) {
        if (joins > 0) remember(sessionText(key), memory);
        return memory;
      }
      key = to;
    }
    throw new Error('its session is one with another one over and over');
  }

  function* catchUp(memory: Memory): Steps<void> {
    if (store === undefined) return;
    const to = yield* readOn(memory);
    if (to === undefined) return;
    // Another process has made it one with another session.
    forget(memory);
    throw new Error('its session has just become one with another; call again');
  }

  /** Applies what was appended meanwhile, and says which session it became one with, if any. */
  function* readOn(memory: Memory): Steps<SessionKey | undefined> {
    if (store === undefined) return undefined;
    const texts = yield* wait(store.read(memory.key, memory.position));
    if (!Array.isArray(texts)) throw new TypeError(`the store "${store.name}" gave no records`);
    for (const text of texts as readonly string[]) {
      const entry = readEntry(text);
      if (entry.kind === 'joined') return entry.to;
      apply(memory, entry);
      memory.position += 1;
    }
    return undefined;
  }

  function* add(memory: Memory, entry: FlowEntry): Steps<void> {
    if (store === undefined) return apply(memory, entry);
    const position: unknown = yield* wait(store.append(memory.key, JSON.stringify(entry)));
    if (position === memory.position + 1) {
      apply(memory, entry);
      memory.position += 1;
      return;
    }
    if (Number.isSafeInteger(position) && (position as number) > memory.position) {
      yield* catchUp(memory);
      if (memory.position >= (position as number)) return;
    }
    forget(memory);
    // What is left of it begins in the middle.
    yield* wait(store.append(memory.key, JSON.stringify(MISSED)));
    throw new Error(
      `the store "${store.name}" holds less of the session than this process has read; it was ended elsewhere, or an older copy was put in its place`,
    );
  }

  function apply(memory: Memory, entry: FlowEntry): void {
    const { flow, digests, calls } = memory;
    if (entry.kind === 'missed') flow.distrust(entry.what);
    if (entry.kind === 'declassified') flow.declassify(entry.value, entry.as);
    if (entry.kind !== 'kept') return;
    flow.keep(entry.record);
    if (entry.turn !== undefined) digests.add(entry.turn);
    if (entry.call !== undefined && calls.size < MOST_CALLS) calls.add(entry.call);
  }

  function* join(key: SessionKey, parent: Memory): Steps<Memory> {
    const child = yield* of(key, 'new');
    if (child === parent) return parent;
    if (store === undefined) parent.flow.absorb(child.flow);
    else yield* move(store, child, parent);
    for (const turn of child.turns.user) parent.turns.user.add(turn);
    for (const turn of child.turns.tool) parent.turns.tool.add(turn);
    for (const call of child.calls) parent.calls.add(call);
    for (const [name, memory] of memories) if (memory === child) memories.set(name, parent);
    return parent;
  }

  /** What was sent before the other saw it cannot be told any more, so that only the prompt vouches. */
  function* move(kept: FlowStore, child: Memory, parent: Memory): Steps<void> {
    const own = yield* wait(kept.read(child.key, 0));
    yield* addAll(parent, own);
    const { origins, knowsSent } = child.flow;
    if (origins.includes('sent') || !knowsSent) {
      yield* add(parent, { kind: 'missed', what: 'order' });
    }
    const last = yield* wait(
      kept.append(child.key, JSON.stringify({ kind: 'joined', to: parent.key })),
    );
    // What another process appended meanwhile is read by nobody once the two are one.
    if (last !== own.length + 1)
      yield* addAll(parent, yield* wait(kept.read(child.key, own.length)));
  }

  function* addAll(memory: Memory, texts: readonly string[]): Steps<void> {
    for (const text of texts) {
      const entry = readEntry(text);
      if (entry.kind !== 'joined') yield* add(memory, entry);
    }
  }

  return {
    of,
    know(key, call) {
      const calls = memories.get(sessionText(key))?.calls;
      if (calls !== undefined && calls.size < MOST_CALLS) calls.add(call);
    },
    peek(key) {
      const isAlone = store === undefined && memories.size < maxSessions;
      return isAlone ? memories.get(sessionText(key)) : undefined;
    },
    add,
    join,
    *end(key) {
      const known = memories.get(sessionText(key));
      if (known !== undefined) forget(known);
      if (store === undefined) return;
      yield* wait(store.end(key));
      if (known !== undefined && known.key !== key) yield* wait(store.end(known.key));
    },
    get size() {
      return memories.size;
    },
  };
}

const MOST_FORGOTTEN = 100_000;

/** Names of sessions; once there are too many, every name is one of them. */
function createForgotten(): { add(name: string): void; has(name: string): boolean } {
  const names = new Set<string>();
  return {
    add: (name) => void (names.size < MOST_FORGOTTEN && names.add(name)),
    has: (name) => names.size === MOST_FORGOTTEN || names.has(name),
  };
}

function viewOf(flow: SessionFlow): FlowView {
  return Object.freeze({
    originOf: flow.originOf,
    isVouched: flow.isVouched,
    secretsIn: flow.secretsIn,
    get origins() {
      return flow.origins;
    },
    get complete() {
      return flow.complete;
    },
  });
}
