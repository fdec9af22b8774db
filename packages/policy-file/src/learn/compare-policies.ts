import { type AuditEntry, ownOptions } from '@guardstile/core';

import { compileFile } from '../compile-file.ts';
import { fileInvalid } from '../file-issue.ts';
import type { FilePolicy, LoadOptions } from '../load-policy.ts';
import { policyDiff, type PolicyDifference } from '../policy-diff.ts';
import { type PolicySource, readSource } from '../policy-source.ts';
import type { ReadPolicyFile } from '../read-policy-file.ts';
import { toolCatalog } from '../tool-catalog.ts';
import { meaningFor, type PolicyMeaning, policyMeaning } from '../policy-meaning.ts';
import { recordedCalls } from './recorded-calls.ts';
import { type Facts, recordedDecider } from './recorded-decider.ts';
import { type ReplayReport, replayTally } from './replay-report.ts';

export interface CompareOptions extends Pick<LoadOptions, 'sets' | 'env'> {
  /** The tools themselves, or their schemas, so that rules about none of them are refused. @default not checked */
  readonly tools?: unknown;
  /** What the code states of the application's own tools; beside what the files state. */
  readonly facts?: Facts;
}

/** Two policies, held against each other. */
export interface PolicyComparison {
  /** What their documents say differently. */
  readonly differences: readonly PolicyDifference[];
  /**
   * What they decide of the calls that a log holds, one after the other.
   *
   * @throws {GuardError} `policy_invalid` where the application gives a set and `sets` does not.
   */
  replay(entries: Iterable<AuditEntry>): Promise<ReplayReport>;
}

interface Side {
  readonly meaning: PolicyMeaning;
  readonly policy: () => FilePolicy;
}

/**
 * Compares two policy files by what they mean, and by what they decide of recorded calls.
 *
 * @throws {GuardError} `policy_invalid` for a file that cannot be loaded.
 */
export async function comparePolicies(
  before: PolicySource,
  after: PolicySource,
  options: CompareOptions = {},
): Promise<PolicyComparison> {
  const known = ['sets', 'env', 'tools', 'facts'] as const;
  const own = ownOptions('comparePolicies', options, known, 'options_invalid');
  const tools = own.tools === undefined ? undefined : await toolCatalog(own.tools);
  const names = tools === undefined ? undefined : [...tools.keys()];
  const [oldFile, nowFile] = [readSource(before), readSource(after)];
  const [old, now] = [
    sideOf(oldFile, setsFor(oldFile, nowFile, own), names),
    sideOf(nowFile, setsFor(nowFile, oldFile, own), names),
  ];
  return {
    differences: policyDiff(old.meaning, now.meaning),
    replay: (entries) => replay(entries, old, now, own.facts),
  };
}

/** Without the sets that only the other file leaves to the application. */
function setsFor(
  file: ReadPolicyFile,
  other: ReadPolicyFile,
  options: CompareOptions,
): CompareOptions {
  const isOthers = (name: string): boolean =>
    !Object.hasOwn(file.document.sets ?? {}, name) &&
    Object.hasOwn(other.document.sets ?? {}, name);
  const own = Object.entries(options.sets ?? {}).filter(([name]) => !isOthers(name));
  return { ...options, sets: Object.fromEntries(own) };
}

function sideOf(
  file: ReadPolicyFile,
  { sets, env = process.env }: CompareOptions,
  tools: readonly string[] | undefined,
): Side {
  const load = (examples: boolean): FilePolicy => {
    const compiled = compileFile(file, { sets, env, examples, tools });
    if (!compiled.ok) throw fileInvalid(compiled.issues);
    return { ...compiled.policy, facts: file.document.facts ?? {} };
  };
  load(true);
  // Examples stand for nothing that was decided.
  return { meaning: policyMeaning(file, env), policy: () => load(false) };
}

async function replay(
  entries: Iterable<AuditEntry>,
  before: Side,
  after: Side,
  facts: Facts | undefined,
): Promise<ReplayReport> {
  const [old, now] = [
    recordedDecider(before.policy(), facts),
    recordedDecider(after.policy(), facts),
  ];
  const agree = agreement(before.meaning, after.meaning);
  const tally = replayTally();
  for (const call of recordedCalls(entries)) {
    if (agree(call.tool)) tally.same(call);
    else tally.decided(call, await old(call), await now(call));
  }
  return tally.report();
}

const MOST_KEPT = 1000;

/** Whether two policies say the same of a tool, whatever it is called with. */
function agreement(before: PolicyMeaning, after: PolicyMeaning): (tool: string) => boolean {
  const known = new Map<string, boolean>();
  return (tool) => {
    let agrees = known.get(tool);
    if (agrees === undefined) {
      if (known.size >= MOST_KEPT) known.clear();
      agrees = meaningFor(before, tool) === meaningFor(after, tool);
      known.set(tool, agrees);
    }
    return agrees;
  };
}
