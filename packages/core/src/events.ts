import { EventEmitter } from 'eventemitter3';

import type { ToolIdentity } from './call.ts';
import type { Effect } from './decision.ts';
import type { GuardErrorCode } from './errors.ts';
import type { OutcomeStatus } from './audit/entry.ts';
import type { Logger } from './logger.ts';
import { messageOf } from './message-of.ts';
import type { PolicyFlip } from './policy/policy.ts';
import { isThenable } from './steps.ts';

/** What every event says. All values are redacted copies. */
export interface EventBase {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly rid?: string;
  /** The framework's id of the call. */
  readonly call?: string;
  readonly tool?: ToolIdentity;
  readonly user?: string;
  readonly tenant?: string;
  readonly session?: string;
  readonly agent?: string;
}

/** Events by name, in the order of the pipeline. */
export interface GuardEvents {
  readonly call: EventBase & { readonly args: unknown };
  readonly decision: EventBase & {
    readonly effect: Effect;
    readonly reason: string;
    readonly rule?: string;
    readonly code?: GuardErrorCode;
    readonly args: unknown;
  };
  readonly 'approval.requested': EventBase & {
    readonly aid: string;
    readonly reason: string;
    readonly args: unknown;
    readonly expiresAt: number;
  };
  readonly 'approval.resolved': EventBase & { readonly aid: string; readonly state: string };
  readonly start: EventBase & { readonly attempt: string };
  readonly progress: EventBase & { readonly attempt: string; readonly chunk: unknown };
  readonly end: EventBase & {
    readonly attempt: string;
    readonly status: OutcomeStatus;
    readonly ms: number;
    readonly result: unknown;
  };
  readonly error: EventBase & {
    readonly code: GuardErrorCode | undefined;
    readonly message: string;
    readonly attempt?: string;
  };
  readonly audit: EventBase & {
    readonly log: string;
    readonly seq: number;
    readonly action: string;
  };
  readonly 'policy.changed': EventBase & { readonly policy: string; readonly change: string };
  /** What is only tried out would have decided otherwise. */
  readonly 'policy.flip': EventBase & PolicyFlip;
}

export type GuardEventName = keyof GuardEvents;

/** Any event, told apart by `type`. */
export type GuardEvent = {
  readonly [Name in GuardEventName]: { readonly type: Name } & GuardEvents[Name];
}[GuardEventName];

export type Listener<Name extends GuardEventName> = (
  event: Extract<GuardEvent, { readonly type: Name }>,
) => unknown;

/** Tells listeners, each on its own: what one throws or rejects with reaches no other and no call. */
export interface Events {
  on<Name extends GuardEventName>(name: Name, listener: Listener<Name>): () => void;
  /** Told of every event. */
  onAny(listener: (event: GuardEvent) => unknown): () => void;
  /** `make` is only called when somebody listens. */
  emit<Name extends GuardEventName>(name: Name, make: () => GuardEvents[Name]): void;
}

const EVENT_NAMES: readonly GuardEventName[] = Object.freeze([
  'call',
  'decision',
  'approval.requested',
  'approval.resolved',
  'start',
  'progress',
  'end',
  'error',
  'audit',
  'policy.changed',
  'policy.flip',
]);

export function createEvents(logger: Logger | undefined): Events {
  const emitter = new EventEmitter();
  const listening = new Set<string>();

  const warn = (error: unknown): void => logger?.warn(`a listener failed: ${messageOf(error)}`);

  function isolated(listener: (event: never) => unknown): (event: GuardEvent) => void {
    return (event) => {
      try {
        // Each listener was registered for the events it is given.
        const result = listener(event as never);
        if (isThenable(result)) result.then(undefined, warn);
      } catch (error) {
        warn(error);
      }
    };
  }

  function add(names: readonly GuardEventName[], listener: (event: never) => unknown): () => void {
    const guarded = isolated(listener);
    for (const name of names) {
      emitter.on(name, guarded);
      listening.add(name);
    }
    return () => {
      for (const name of names) {
        emitter.off(name, guarded);
        if (emitter.listenerCount(name) === 0) listening.delete(name);
      }
    };
  }

  return {
    on: (name, listener) => add([name], listener),
    onAny: (listener) => add(EVENT_NAMES, listener),
    emit(name, make) {
      if (listening.size === 0 || !listening.has(name)) return;
      emitter.emit(name, Object.freeze(Object.assign(make(), { type: name })));
    },
  };
}
