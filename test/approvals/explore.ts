import { type Lifecycle, movesOf, type Scenario, type World, worldOf } from './lifecycle-model.ts';

/** What was found in all orders of everything. */
export interface Explored {
  readonly states: number;
  /** Every state that an approval was in, and `ran` where a call ran. */
  readonly reached: ReadonlySet<string>;
  /** What must not happen and did, and how. */
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | undefined;
}

interface Visited {
  readonly world: World;
  readonly move: string;
  readonly from: Visited | undefined;
}

/** Visits every world that can be reached, and holds each step against the specification. */
export function explore(scenario: Scenario, lifecycle: Lifecycle): Explored {
  const moves = movesOf(scenario, lifecycle);
  const start: Visited = { world: worldOf(scenario), move: 'it is asked for', from: undefined };
  const known = new Set([keyOf(start.world)]);
  const reached = new Set(['pending']);
  const open: Visited[] = [start];
  for (let visited = open.pop(); visited !== undefined; visited = open.pop()) {
    for (const { name, to } of moves) {
      const world = to(visited.world);
      if (world === undefined) continue;
      const next: Visited = { world, move: name, from: visited };
      const what = violationOf(scenario, visited.world, world);
      if (what !== undefined) {
        return { states: known.size, reached, violation: { what, trace: traceOf(next) } };
      }
      reached.add(world.approval.state);
      if (world.history.ran.length > 0) reached.add('ran');
      const key = keyOf(world);
      if (known.has(key)) continue;
      known.add(key);
      open.push(next);
    }
  }
  return { states: known.size, reached, violation: undefined };
}

const SETTLED: readonly string[] = ['denied', 'expired', 'cancelled', 'consumed'];

/** The specification: written from what people are promised, and not from how it is done. */
function violationOf(scenario: Scenario, before: World, after: World): string | undefined {
  const { approval, history } = after;
  const { state, votes, bindings, version } = approval;
  const was = before.approval;
  const given = state === 'approved' || state === 'consumed';
  const voters = votes.filter(({ verdict }) => verdict === 'approve').map(({ voter }) => voter);
  const broken: ReadonlyArray<readonly [boolean, string]> = [
    [history.ran.length > 1, 'two consumers ran it'],
    [history.consumed.length > 1, 'it was consumed for two calls'],
    [
      history.consumed.some((digest) => digest !== history.digest),
      'it was consumed for another call',
    ],
    [given && !isMet(scenario, after), 'it was approved by too few'],
    [history.misled, 'somebody agreed to what they did not see'],
    [given && history.denied, 'it was approved although somebody denied'],
    [history.denied && !SETTLED.includes(state), 'it is open although somebody denied'],
    [state === 'denied' && !history.denied, 'it was denied by nobody'],
    [SETTLED.includes(was.state) && version !== was.version, 'it changed after it was settled'],
    [was.state === 'approved' && state === 'pending', 'an approval was taken back'],
    [version < was.version, 'its version went back'],
    [version === was.version && state !== was.state, 'it changed without a new version'],
    [bindings.digest !== history.digest, 'it is bound to other arguments'],
    [
      sortedSet(voters) !== sortedSet(history.approving),
      'other votes count than were given for it',
    ],
    [state === 'consumed' && !inTime(scenario, before, after), 'it was consumed too late'],
    [justMet(scenario, before, after), 'it has every vote and is not approved'],
  ];
  return broken.find(([is]) => is)?.[1];
}

/** Whether who had to agree to these very arguments has. */
function isMet({ quorum, confirm, onExpiry }: Scenario, { history }: World): boolean {
  const escalated = onExpiry === 'escalate' && history.expiries > 0;
  const others = ['ben', 'cas', ...(escalated ? ['dan'] : [])];
  const agreed = others.filter((who) => history.approving.includes(who));
  return agreed.length >= quorum && (!confirm || history.approving.includes('ann'));
}

const TIMES = { deny: 1, escalate: 2, park: Infinity } as const;

/** It is used in the time in which it was given; a second time only others have, a parked one any. */
function inTime({ onExpiry }: Scenario, before: World, { history }: World): boolean {
  if (before.approval.state === 'consumed') return true;
  return history.approvedAt === history.expiries && history.expiries < TIMES[onExpiry];
}

/** Whether the last vote that was needed has just been counted, and nothing came of it. */
function justMet(scenario: Scenario, before: World, after: World): boolean {
  const counted = after.history.approving !== before.history.approving;
  return counted && isMet(scenario, after) && after.approval.state === 'pending';
}

function sortedSet(names: ReadonlyArray<string | undefined>): string {
  return [...new Set(names.map(String))].toSorted().join();
}

/** Worlds from which the same can come. Only whether a version is still the current one matters. */
function keyOf({ approval, claim, seen, waiting, history }: World): string {
  const { state, version, expiresAt, escalated = false } = approval;
  const looked = Object.entries(seen).map(
    ([who, { version: at, digest }]) => `${who} ${at === version ? digest : 'stale'}`,
  );
  return JSON.stringify([
    state,
    expiresAt,
    escalated,
    claim,
    waiting,
    looked.toSorted(),
    sortedSet(history.approving),
    history.digest,
    history.denied,
    history.ran,
    history.consumed,
    history.expiries,
    history.approvedAt,
  ]);
}

function traceOf(last: Visited): readonly string[] {
  const trace: string[] = [];
  for (let at: Visited | undefined = last; at !== undefined; at = at.from) trace.unshift(at.move);
  return trace;
}
