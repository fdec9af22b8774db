import { createGuard, type Guard, type GuardOptions } from '@guardstile/langchain';
import type { CallContext, DataFlow, FlowView, Turn } from '@guardstile/core';

/** What was said before a session was looked up, and whose session it was. */
export interface Heard {
  readonly context: CallContext;
  readonly turns: readonly Turn[];
}

const EMPTY: FlowView = {
  originOf: (value) => ({ value: String(value), sightings: [], complete: true }),
  isVouched: () => false,
  secretsIn: () => [],
  origins: [],
  complete: true,
};

/** A guard whose data flow writes down what it is told, and everything is allowed. */
export function listening(options: Partial<GuardOptions> = {}): {
  readonly guard: Guard;
  readonly heard: Heard[];
  /** Everything that was said to be typed, each text once. */
  typed(): readonly string[];
  /** Everything else that was said, each value once. */
  found(): readonly unknown[];
} {
  const heard: Heard[] = [];
  const dataFlow: DataFlow = {
    name: 'listening',
    session(context, turns) {
      heard.push({ context, turns });
      return EMPTY;
    },
    starting: () => undefined,
    observe: () => [],
  };
  const guard = createGuard({ policy: () => 'allow', ...options, dataFlow });
  const said = (): readonly Turn[] => heard.flatMap(({ turns }) => turns);
  return {
    guard,
    heard,
    typed: () => [...new Set(said().flatMap((one) => (one.role === 'user' ? [one.text] : [])))],
    found: () => [...new Set(said().flatMap((one) => (one.role === 'tool' ? [one.value] : [])))],
  };
}
