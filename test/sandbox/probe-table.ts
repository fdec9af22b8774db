import { allowAll, createGuard, noSandbox, type Sandbox } from '@guardstile/core';
import { childSandbox, codeSandbox, osSandbox } from '@guardstile/sandbox';
import { allGone, killLeft, running } from './support/calls.ts';
import { probe, type ProbeTask } from './support/probe.ts';
import { type Attempt, ATTEMPTS, type Bait } from './probe-attempts.ts';
import { type Laid, layBait } from './probe-bait.ts';

/** The tiers, as the table calls them. */
const TIERS = ['`noSandbox`', '`childSandbox`', '`osSandbox`', '`codeSandbox` (QuickJS)'] as const;

/** What a tier made of an attempt. */
export type Verdict = 'stopped' | '**possible**';

/** One attempt in every tier. */
export interface Row {
  readonly what: string;
  readonly verdicts: readonly Verdict[];
}

const LIMITS = { timeoutMs: 1500, memoryMb: 256 };

/** Attempts that take long to fail have a time of their own; the others may take theirs on a busy machine. */
const PATIENT = { timeoutMs: 30_000, memoryMb: 256 };

/** Carries out attempts in one process and gives what each returned. */
type Carry = (codes: readonly string[], bait: Bait) => Promise<unknown>;

/** Carries out every attempt in every tier: those that may end their process each in one of its own. */
export async function probeTiers(): Promise<readonly Row[]> {
  const laid = await layBait();
  try {
    const together = ATTEMPTS.filter(({ alone }) => alone !== true);
    const verdicts = new Map<Attempt, Verdict[]>(ATTEMPTS.map((attempt) => [attempt, []]));
    for (const attempts of [
      together,
      ...ATTEMPTS.filter(({ alone }) => alone).map((one) => [one]),
    ]) {
      const limits = attempts.some(({ what }) => what.startsWith('compute')) ? LIMITS : PATIENT;
      for (const carry of carriers(laid, limits)) {
        const succeeded = await carryOut(carry, attempts, laid);
        for (const [i, attempt] of attempts.entries()) {
          verdicts.get(attempt)?.push(succeeded[i] === true ? '**possible**' : 'stopped');
        }
      }
    }
    return ATTEMPTS.map((attempt) => ({
      what: attempt.what,
      verdicts: verdicts.get(attempt) ?? [],
    }));
  } finally {
    laid.clear();
  }
}

async function carryOut(
  carry: Carry,
  attempts: readonly Attempt[],
  { bait, wasWritten }: Laid,
): Promise<readonly boolean[]> {
  const results = await carry(
    attempts.map(({ code }) => code),
    bait,
  ).catch(() => undefined);
  const list: readonly unknown[] = Array.isArray(results) ? results : [];
  // One that ended the process would make the others look as if they had been stopped.
  if (list.length === 0 && attempts.length > 1) throw new Error('the probe ended early');
  const written = wasWritten();
  // Only a process that outlives its call by seconds was left behind.
  const left = list.includes('look') && !(await allGone(bait.marker, 3000));
  for (const pid of running(bait.marker)) killLeft(pid);
  return list.map((result) => result === true || (result === 'look' && (written || left)));
}

function carriers({ root }: Laid, limits: typeof LIMITS): readonly Carry[] {
  const tools = { probe: { module: new URL('./support/probe.ts', import.meta.url) } };
  const options = { tools, read: [root], spares: 0, ...limits };
  return [
    (codes, bait) => inGuard(noSandbox(), { codes, bait }),
    (codes, bait) => inGuard(childSandbox(options), { codes, bait }),
    (codes, bait) => inGuard(osSandbox(options), { codes, bait }),
    (codes, bait) => inQuickJs(limits, codes, bait),
  ];
}

async function inGuard(sandbox: Sandbox, args: ProbeTask): Promise<unknown> {
  const guard = createGuard({ policy: allowAll(), sandbox });
  try {
    return await guard.call({ tool: 'probe', args }, () => probe(args));
  } finally {
    await guard.close();
  }
}

async function inQuickJs(
  limits: typeof LIMITS,
  codes: readonly string[],
  bait: Bait,
): Promise<unknown> {
  const rules = { forbiddenCalls: [], allowedImports: ['(computed)'] };
  const sandbox = codeSandbox({ language: 'javascript', spares: 0, ...rules, ...limits });
  const attempts = codes.map((code) => `async (bait, load) => {${code}}`);
  try {
    const result = await sandbox.execute(`(async () => {
  const results = [];
  for (const attempt of [${attempts.join(', ')}]) {
    try {
      results.push(await attempt(${JSON.stringify(bait)}, (name) => import(name)));
    } catch {
      results.push(false);
    }
  }
  return results;
})()`);
    return result.outcome === 'value' ? result.result : undefined;
  } finally {
    await sandbox.close?.();
  }
}

/** The rows as a table in Markdown. */
export function probeTable(rows: readonly Row[]): string {
  const lines = [
    ['a tool tries to', ...TIERS],
    ...rows.map(({ what, verdicts }) => [what, ...verdicts]),
  ];
  const widths =
    lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0))) ?? [];
  const [head = [], ...body] = lines;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [
    line(head),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...body.map(line),
  ].join('\n');
}
