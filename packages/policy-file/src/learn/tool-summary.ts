import type { RecordedCall } from './recorded-calls.ts';
import { addArgs, valueCollector, type ValueSummary } from './value-summary.ts';

/** What a log holds of one tool. */
export interface ToolSummary {
  readonly tool: string;
  readonly source: string;
  readonly allowed: number;
  readonly asked: number;
  readonly denied: number;
  /** Ids of the first calls that ran or were asked about, and of the first that were denied. */
  readonly examples: readonly string[];
  readonly deniedExamples: readonly string[];
  /** Arguments of what was allowed without a person. */
  readonly free: ValueSummary;
  /** The same with what a person was asked about. */
  readonly wide: ValueSummary;
}

/** What a log holds, in space that does not grow with its length. */
export interface LogSummary {
  readonly tools: readonly ToolSummary[];
  readonly calls: number;
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Calls whose arguments are not in the log, and those of which parts are not. */
  readonly missing: number;
  readonly partial: number;
  /** Calls of tools beyond the number that is looked at. */
  readonly beyond: number;
  readonly users: number;
  readonly policies: number;
}

const MOST_TOOLS = 500;
const MOST_EXAMPLES = 3;
const MOST_COUNTED = 1000;

/** How a call was refused that was not judged by what it is. */
const NOT_JUDGED: ReadonlySet<string> = new Set(['aborted', 'audit_error', 'closed', 'stopped']);

/** Whether somebody or something decided that this call must not run. */
export function isDenial({ effect, code }: RecordedCall): boolean {
  return effect === 'deny' && !(code !== undefined && NOT_JUDGED.has(code));
}

export function summariseCalls(calls: Iterable<RecordedCall>): LogSummary {
  const tools = new Map<string, Collecting>();
  const [users, policies] = [new Set<string>(), new Set<string>()];
  const counts = { calls: 0, missing: 0, partial: 0, beyond: 0 };
  let from: number | undefined;
  let to: number | undefined;
  for (const call of calls) {
    counts.calls += 1;
    from = Math.min(from ?? call.ts, call.ts);
    to = Math.max(to ?? call.ts, call.ts);
    if (call.args.kind === 'missing') counts.missing += 1;
    if (call.args.kind === 'partial') counts.partial += 1;
    note(users, JSON.stringify([call.tenant, call.user]));
    if (call.policy !== undefined) note(policies, call.policy);
    const key = JSON.stringify([call.source, call.tool]);
    let collecting = tools.get(key);
    if (collecting === undefined && tools.size < MOST_TOOLS) {
      tools.set(key, (collecting = collect(call)));
    }
    if (collecting === undefined) counts.beyond += 1;
    else add(collecting, call);
  }
  return {
    ...counts,
    from,
    to,
    users: users.size,
    policies: policies.size,
    tools: [...tools.values()].map(summaryOf).toSorted(byName),
  };
}

type Collecting = ReturnType<typeof collect>;

function collect({ tool, source }: RecordedCall) {
  return {
    tool,
    source,
    allowed: 0,
    asked: 0,
    denied: 0,
    examples: [] as string[],
    deniedExamples: [] as string[],
    free: valueCollector(),
    wide: valueCollector(),
  };
}

function add(to: Collecting, call: RecordedCall): void {
  if (call.effect === 'deny') {
    if (!isDenial(call)) return;
    to.denied += 1;
    if (to.deniedExamples.length < MOST_EXAMPLES) to.deniedExamples.push(call.rid);
    return;
  }
  if (to.examples.length < MOST_EXAMPLES) to.examples.push(call.rid);
  addArgs(to.wide, call.args);
  if (call.effect === 'ask') to.asked += 1;
  else {
    to.allowed += 1;
    addArgs(to.free, call.args);
  }
}

function summaryOf({ free, wide, ...rest }: Collecting): ToolSummary {
  return { ...rest, free: free.summary(), wide: wide.summary() };
}

function byName(a: ToolSummary, b: ToolSummary): number {
  return a.tool === b.tool ? (a.source < b.source ? -1 : 1) : a.tool < b.tool ? -1 : 1;
}

function note(set: Set<string>, value: string): void {
  if (set.size < MOST_COUNTED) set.add(value);
}
