import type { MaybePromise } from './steps.ts';

/** Whose labels: a session id alone is never trusted. */
export interface SessionKey {
  readonly tenant: string | undefined;
  readonly principal: string | undefined;
  readonly session: string | undefined;
}

/** Labels of sessions. They only grow. */
export interface Labels {
  readonly name: string;
  get(key: SessionKey): MaybePromise<readonly string[]>;
  add(key: SessionKey, labels: readonly string[]): MaybePromise<void>;
}

/** Labels in the memory of this process, for as long as it lives. */
export function memoryLabels(): Labels {
  const sessions = new Map<string, readonly string[]>();
  const textOf = (key: SessionKey): string =>
    JSON.stringify([key.tenant ?? null, key.principal ?? null, key.session ?? null]);
  return {
    name: 'memory',
    get: (key) => (sessions.size === 0 ? NONE : (sessions.get(textOf(key)) ?? NONE)),
    add(key, labels) {
      const text = textOf(key);
      sessions.set(text, Object.freeze([...new Set([...(sessions.get(text) ?? []), ...labels])]));
    },
  };
}

const NONE: readonly string[] = Object.freeze([]);
