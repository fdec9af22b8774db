import {
  type CallContext,
  type DataFlow,
  type FlowView,
  type Guard,
  type MaybePromise,
  type Origin,
  ownOptions,
  type SessionKey,
  type Turn,
} from '@guardstile/core';

import type { Declassification } from './declassification.ts';
import type { FlowStore } from './flow-store.ts';
import type { Format } from './label-result.ts';
import { createSessionFlow, type SessionFlowOptions } from './session-flow.ts';

/** How much a data flow keeps, and where. */
export interface DataFlowOptions extends Pick<SessionFlowOptions, 'maxText' | 'seed'> {
  /** Most sessions in memory at once. Beyond it the one unused for longest is forgotten. @default 1000 */
  readonly maxSessions?: number;
  /**
   * Read results that are text, by tool name. Only for a format that escapes what it holds: in a
   * template, content could write fields of its own.
   *
   * @default JSON.parse for each
   */
  readonly formats?: Readonly<Record<string, Format>>;
  /** Keeps what sessions have seen for other processes. @default the memory of this one */
  readonly store?: FlowStore;
  /**
   * By name: what may declassify a value without a person. Only `true` does; the same value has to
   * get the same answer.
   */
  readonly functions?: Readonly<Record<string, (value: string, context: CallContext) => boolean>>;
}

/** The data flow of a guard, and what a host may tell and ask it. */
export interface SessionsDataFlow extends DataFlow {
  /** What the context's session has seen, with what was said in it. */
  session(context: CallContext, turns?: readonly Turn[]): MaybePromise<FlowView>;
  /** Keeps what the user typed, on behalf of whom the context says. Quoted parts can have another origin. */
  prompt(context: CallContext, text: string, origin?: Origin): MaybePromise<void>;
  /**
   * Makes one value of the guard's session count as trusted, or lets it out although it is secret:
   * by a guarded call of the tool `declassify` (source `guardstile`), which asks a person whatever the
   * policy says, unless a function says so.
   *
   * @throws {GuardError} whenever it is not allowed.
   * @throws {TypeError} for what cannot be declassified.
   */
  declassify(guard: Guard, what: Declassification): Promise<void>;
  /** Forgets a session that is over, in the store too. */
  end(key: SessionKey): MaybePromise<void>;
  /** Labels whose paths no result has had so far, as `tool: path`. */
  readonly unmatchedLabels: readonly string[];
}

/** The same, with everything in its place. */
export interface ReadOptions extends Required<Omit<DataFlowOptions, 'store' | 'seed'>> {
  readonly store: FlowStore | undefined;
  readonly seed: number | undefined;
}

const KNOWN = ['maxText', 'maxSessions', 'formats', 'functions', 'store', 'seed'] as const;
const MOST_TEXT = 8_000_000;

/**
 * The options with their defaults.
 *
 * @throws {GuardError} `options_invalid` for one that nobody reads.
 * @throws {TypeError} for a limit that is none.
 */
export function readOptions(given: DataFlowOptions): ReadOptions {
  const options = ownOptions('createDataFlow', given, KNOWN, 'options_invalid');
  const { maxText = MOST_TEXT, maxSessions = 1000, formats = {}, functions = {} } = options;
  if (!(Number.isSafeInteger(maxSessions) && maxSessions > 0)) {
    throw new TypeError('maxSessions has to be a whole number above 0');
  }
  createSessionFlow({ maxText }); // Throws now, and not when a session begins.
  const { store, seed } = options;
  return { maxText, maxSessions, formats, functions, store, seed };
}
