import type { MaybePromise, SessionKey } from '@guardstile/core';

/** What has happened in a session, in as few words as its rules need. It only grows. */
export interface SessionHistory {
  readonly name: string;
  has(session: SessionKey, event: string): MaybePromise<boolean>;
  add(session: SessionKey, event: string): MaybePromise<void>;
}

/** Sessions that are remembered; who is forgotten has to begin anew. */
const SESSIONS = 10_000;

/** Histories in the memory of this process, for as long as it lives: those of the latest sessions. */
export function memoryHistory(options: { readonly maxSessions?: number } = {}): SessionHistory {
  const { maxSessions = SESSIONS } = options;
  const sessions = new Map<string, Set<string>>();
  return {
    name: 'memory',
    has: (session, event) => sessions.get(sessionText(session))?.has(event) === true,
    add(session, event) {
      const text = sessionText(session);
      const events = sessions.get(text) ?? new Set();
      // A map keeps the order: whoever did something last is forgotten last.
      sessions.delete(text);
      sessions.set(text, events.add(event));
      for (const oldest of sessions.keys()) {
        if (sessions.size <= maxSessions) break;
        sessions.delete(oldest);
      }
    },
  };
}

/** A session id alone is never trusted. */
export function sessionText({ tenant, principal, session }: SessionKey): string {
  return JSON.stringify([tenant ?? null, principal ?? null, session ?? null]);
}
