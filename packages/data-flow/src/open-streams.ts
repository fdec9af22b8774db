import { createStreamText, type StreamText } from './stream-text.ts';

/** A stream that is being read. */
interface OpenStream {
  readonly session: string;
  readonly text: StreamText;
  /** Labels that its session was given meanwhile. */
  readonly told: Set<string>;
}

/** Streams whose texts are waited for, by the `rid` of the call. */
export interface OpenStreams {
  /** The stream of a call, opened with its first chunk. */
  open(rid: string, session: string): OpenStream;
  get(rid: string): OpenStream | undefined;
  close(rid: string): void;
  /** Whether a text of the session was given up, because nobody read on; says so once. */
  wasGivenUp(session: string): boolean;
  readonly givenUp: number;
}

/** Beyond it the oldest are given up. */
const MOST_STREAMS = 1000;

export function createOpenStreams(maxText: number): OpenStreams {
  const streams = new Map<string, OpenStream>();
  const givenUp = new Set<string>();
  return {
    open(rid, session) {
      const known = streams.get(rid);
      if (known !== undefined) return known;
      const stream = { session, text: createStreamText(maxText), told: new Set<string>() };
      streams.set(rid, stream);
      const [oldest] = streams.size > MOST_STREAMS ? streams : [];
      if (oldest !== undefined) {
        streams.delete(oldest[0]);
        givenUp.add(oldest[1].session);
      }
      return stream;
    },
    get: (rid) => streams.get(rid),
    close: (rid) => void streams.delete(rid),
    wasGivenUp: (session) => givenUp.delete(session),
    get givenUp() {
      return givenUp.size;
    },
  };
}
