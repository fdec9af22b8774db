import type { CallContext, ToolCall } from './call.ts';
import type { MaybePromise } from './steps.ts';

/**
 * Where a text came from. `trusted` vouches for a field's whole value and for nothing inside of it;
 * `trusted-text` vouches for every word of it. What follows the colon names a kind of content, so
 * that a rule may accept payees and not every trusted field. `sent` is what the session's own calls
 * wrote: it vouches for nothing, and neither does what repeats it later.
 */
export type Origin =
  | 'prompt'
  | 'trusted'
  | `trusted:${string}`
  | 'trusted-text'
  | `trusted-text:${string}`
  | 'untrusted'
  | `untrusted:${string}`
  | 'secret'
  | `secret:${string}`
  | 'sent';

/**
 * Labels by path: `recipient`, `user.name`, `[].recipient` (every item of a list), `*.id` (any field,
 * one step down), `**.password` (wherever it is), and the empty path for all of it. The longest
 * matching path decides; a name goes before a name anywhere, and that before `*`.
 */
export type PathLabels = Readonly<Record<string, Origin>>;

/** Where in a session a text was seen. */
export interface Place {
  readonly origin: Origin;
  /** The tool that returned it; absent for what the user typed. */
  readonly tool?: string;
  /** The call that returned it. */
  readonly rid?: string;
  /** Path in what was observed, such as `[3].recipient`; empty for all of it. */
  readonly path: string;
}

/** One origin in which a value was seen. */
export interface Sighting {
  readonly origin: Origin;
  /** Where it was seen first. */
  readonly place: Place;
  /** Number of the observation: smaller was seen before. */
  readonly seen: number;
  /** Whether it says anything: short values turn up anywhere. */
  readonly proves: boolean;
  /** Set where a call of this session had sent the value before. */
  readonly late?: true;
  /** Set where it is only part of a trusted field, which vouches for nothing but its whole value. */
  readonly inside?: true;
}

/** Where a value was seen: one sighting for each origin, none when it came from nowhere. */
export interface Provenance {
  readonly value: string;
  readonly sightings: readonly Sighting[];
  /** Whether everything the session saw was looked through. */
  readonly complete: boolean;
}

/** What a session has seen, as policies look it up. */
export interface FlowView {
  /** Where a value was seen. What repeats what the session itself has sent vouches for nothing. */
  originOf(
    value: string | number | bigint,
    options?: {
      /** Fewest letters and digits that prove something. @default 5 */
      readonly shortest?: number | undefined;
    },
  ): Provenance;
  /** Whether one of the accepted origins vouches for a value: the short answer of `originOf`. */
  isVouched(
    value: string | number | bigint,
    accepted: readonly Origin[],
    shortest?: number,
  ): boolean;
  /** Places of secrets that a value holds, whole or as a copy of at least 15 letters; encoded too. */
  secretsIn(value: unknown): readonly Place[];
  /** The origins of everything observed so far. */
  readonly origins: readonly Origin[];
  /** Whether everything was kept. If not, what was not seen may have been there all the same. */
  readonly complete: boolean;
}

/** What was said in a conversation before a call. */
export type Turn =
  | { readonly role: 'user'; readonly text: string }
  /** What a tool returned, as the conversation has it: a client may have made it up. */
  | {
      readonly role: 'tool';
      /** The framework's id of the call. */
      readonly call: string;
      readonly tool?: string;
      readonly value: unknown;
    };

/** Something of a call that the model is about to see. */
export interface FlowSight {
  /** `end` follows the chunks of a stream, however that ended, with what the stream returned. */
  readonly kind: 'result' | 'error' | 'chunk' | 'end';
  readonly value: unknown;
  /** What the decision says of its fields; where several do, a field is what the least trusting says. */
  readonly labels: readonly PathLabels[];
}

/** Keeps where the values of a session came from. What it cannot keep is not shown to the model. */
export interface DataFlow {
  readonly name: string;
  /**
   * What the session of a call has seen, with what was said in it. Turns that were there before
   * change nothing. Failing denies the call.
   */
  session(context: CallContext, turns: readonly Turn[]): MaybePromise<FlowView>;
  /** A body is about to start: what it is given may be anywhere from now on. Failing keeps it from starting. */
  starting(call: ToolCall, context: CallContext): MaybePromise<void>;
  /**
   * Keeps what a call returned or threw, before the model sees it. Failing withholds it.
   *
   * @returns labels that the session has from now on.
   */
  observe(call: ToolCall, context: CallContext, sight: FlowSight): MaybePromise<readonly string[]>;
  /**
   * A call is over: it was refused, or everything of it was observed, or nobody waits for it any
   * longer. Failing changes nothing.
   */
  ended?(call: ToolCall, context: CallContext): void;
}
