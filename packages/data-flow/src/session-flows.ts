import type { SessionKey } from '@guardstile/core';
import { createSessionFlow, type SessionFlow, type SessionFlowOptions } from './session-flow.ts';

/** The memories of many sessions. */
export interface SessionFlows {
  /**
   * The memory of a session. One that begins with history nobody observed is incomplete from the
   * start: `arrives` says so.
   */
  of(key: SessionKey, arrives?: 'new' | 'with-history'): SessionFlow;
  /** Forgets a session that is over. */
  end(key: SessionKey): void;
  readonly size: number;
}

export interface SessionFlowsOptions extends SessionFlowOptions {
  /** Most sessions at once. Beyond it the one unused for longest is forgotten. @default 1000 */
  readonly maxSessions?: number;
}

/**
 * Memories by tenant, principal and session: a session id alone is never trusted. Once any was
 * forgotten for want of room, every new one is incomplete, for it may be one of those.
 */
export function createSessionFlows(options: SessionFlowsOptions = {}): SessionFlows {
  const { maxSessions = 1000, ...each } = options;
  const flows = new Map<string, SessionFlow>();
  let forgotten = false;
  return {
    of(key, arrives = 'new') {
      const name = nameOf(key);
      const known = flows.get(name);
      if (known !== undefined && flows.size < maxSessions) return known;
      // Taken out and put back: the first in the map is the one unused for longest.
      flows.delete(name);
      const complete = arrives === 'new' && !forgotten;
      const flow = known ?? createSessionFlow({ ...each, complete });
      flows.set(name, flow);
      const [oldest] = flows.size > maxSessions ? flows.keys() : [];
      if (oldest !== undefined) forgotten = flows.delete(oldest);
      return flow;
    },
    end: (key) => void flows.delete(nameOf(key)),
    get size() {
      return flows.size;
    },
  };
}

const names = new WeakMap<SessionKey, string>();

function nameOf(key: SessionKey): string {
  let name = names.get(key);
  if (name === undefined) {
    const { tenant, principal, session } = key;
    name = JSON.stringify([tenant ?? null, principal ?? null, session ?? null]);
    names.set(key, name);
  }
  return name;
}
