import type { Effect } from '@guardstile/core';

import { demandsAsMuch, describeDemands, sameDemands } from './demands.ts';
import type { RecordedCall } from './recorded-calls.ts';
import type { RecordedVerdict } from './recorded-decider.ts';

/** What recorded calls come to under two policies. */
export interface ReplayReport {
  readonly calls: number;
  /** Milliseconds since 1970 of the first and the last call. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Calls that both decide alike. */
  readonly same: number;
  readonly changed: readonly ReplayedChange[];
  /** Calls of which it cannot be told, because the log does not hold what a policy looks at. */
  readonly untold: readonly UntoldCalls[];
  /** Calls decided by what their tools do, of which nothing was stated: only by their names. */
  readonly byNames: number;
}

/** Calls of one tool that two policies decide differently, or demand something else for, on the same ground. */
export interface ReplayedChange {
  readonly tool: string;
  readonly source: string;
  readonly before: Ground;
  readonly after: Ground;
  /** Whether they need less under the second policy, as far as that is known. */
  readonly widens: boolean;
  readonly calls: number;
  /** Ids of the first of them. */
  readonly examples: readonly string[];
}

/** What was decided, and by which rule; where no rule decided, why. */
export interface Ground {
  readonly effect: Effect | 'none';
  readonly rule: string | undefined;
  readonly reason: string;
  /** Who has to agree and what is done with the result, in words. */
  readonly needs: readonly string[];
}

export interface UntoldCalls {
  readonly tool: string;
  readonly source: string;
  /** What the log does not hold. */
  readonly because: string;
  readonly calls: number;
  readonly examples: readonly string[];
}

/** Collects verdicts without keeping calls. */
export interface ReplayTally {
  same(call: RecordedCall): void;
  decided(call: RecordedCall, before: RecordedVerdict, after: RecordedVerdict): void;
  report(): ReplayReport;
}

const MOST_EXAMPLES = 3;
/** Whoever chooses names of tools does not choose how much is kept. */
const MOST_GROUPS = 2000;
const MORE = '(further tools)';

interface Group<Of> {
  readonly of: Of;
  calls: number;
  readonly examples: string[];
}

export function replayTally(): ReplayTally {
  const changed = new Map<string, Group<Omit<ReplayedChange, 'calls' | 'examples'>>>();
  const untold = new Map<string, Group<Omit<UntoldCalls, 'calls' | 'examples'>>>();
  const counts = { calls: 0, same: 0, byNames: 0 };
  let from: number | undefined;
  let to: number | undefined;

  const see = ({ ts }: RecordedCall): void => {
    counts.calls += 1;
    from = Math.min(from ?? ts, ts);
    to = Math.max(to ?? ts, ts);
  };

  return {
    same(call) {
      see(call);
      counts.same += 1;
    },
    decided(call, before, after) {
      see(call);
      const { tool, source } = call;
      const unknown =
        before.kind === 'untold' ? before : after.kind === 'untold' ? after : undefined;
      if (unknown !== undefined) {
        add(untold, call, { tool, source, because: unknown.because });
        return;
      }
      if (before.kind !== 'told' || after.kind !== 'told') return;
      if (before.byFacts || after.byFacts) counts.byNames += 1;
      const sameEffect = before.effect === after.effect;
      if (sameEffect && sameDemands(before.demands, after.demands)) counts.same += 1;
      else {
        const widens = sameEffect
          ? !demandsAsMuch(before.demands, after.demands)
          : RANK.indexOf(after.effect) < RANK.indexOf(before.effect);
        const of = { tool, source, before: groundOf(before), after: groundOf(after), widens };
        add(changed, call, of);
      }
    },
    report: () => ({
      ...counts,
      from,
      to,
      changed: [...changed.values()].map(flat).toSorted(byWidth),
      untold: [...untold.values()].map(flat),
    }),
  };
}

/** No opinion restricts nothing. */
const RANK: ReadonlyArray<Effect | 'none'> = ['none', 'allow', 'ask', 'deny'];

type Told = RecordedVerdict & { readonly kind: 'told' };

function groundOf({ effect, rule, reason, demands }: Told): Ground {
  return { effect, rule, reason, needs: describeDemands(demands) };
}

function add<Of extends { readonly tool: string; readonly source: string }>(
  groups: Map<string, Group<Of>>,
  { rid }: RecordedCall,
  given: Of,
): void {
  const key = JSON.stringify(given);
  const full = groups.size >= MOST_GROUPS && !groups.has(key);
  const of = full ? { ...given, tool: MORE, source: 'app' } : given;
  const at = full ? JSON.stringify(of) : key;
  let group = groups.get(at);
  if (group === undefined) groups.set(at, (group = { of, calls: 0, examples: [] }));
  group.calls += 1;
  if (group.examples.length < MOST_EXAMPLES) group.examples.push(rid);
}

function flat<Of>({ of, calls, examples }: Group<Of>): Of & Pick<Group<Of>, 'calls' | 'examples'> {
  return { ...of, calls, examples };
}

/** What widens first, then what is most. */
function byWidth(a: ReplayedChange, b: ReplayedChange): number {
  return Number(b.widens) - Number(a.widens) || b.calls - a.calls;
}
