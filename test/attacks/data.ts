import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { workspaceRoot } from '../support/workspace-root.ts';

// The data set stays outside the repository. It is full of prompt injections: whatever it says is
// data that is replayed, and nothing here depends on a single value in it.

/** Where the data set is. */
export const dataDirectory: string = join(workspaceRoot, '../shared/data');

const SUITES = 'agentdojo.json';
const TRACES = 'agentdojo-traces.jsonl.gz';
const ATTACKS = 'agentdojo-recorded-attacks.jsonl.gz';
const UNDER_ATTACK = 'agentdojo-recorded-underattack.jsonl.gz';
const BENIGN = 'agentdojo-recorded-benign.jsonl.gz';

const toolSchema = z.object({
  name: z.string(),
  description: z.string(),
  /** JSON schema of the arguments. */
  params: z.record(z.string(), z.unknown()),
});

const sinkSchema = z.object({ tool: z.string(), argsContain: z.string().min(1) });

const userTaskSchema = z.object({
  calls: z.array(z.object({ tool: z.string(), result: z.unknown() })),
});

const suiteSchema = z.object({
  suite: z.string(),
  tools: z.array(toolSchema).min(1),
  injectionTasks: z.array(z.object({ id: z.string(), sinks: z.array(sinkSchema).min(1) })),
  /** How the tasks are solved when nobody attacks. */
  userTasks: z.array(userTaskSchema).optional(),
});

const stepSchema = z.object({
  tool: z.string(),
  args: z.record(z.string(), z.unknown()),
  result: z.unknown(),
  error: z.string().optional(),
  turn: z.int().optional(),
  origin: z.enum(['user', 'injection']).optional(),
  attack: z.literal(true).optional(),
});

const traceSchema = z.object({
  suite: z.string(),
  user: z.string(),
  injection: z.string().nullish(),
  attack: z.string().optional(),
  prompt: z.string(),
  steps: z.array(stepSchema),
});

/** A tool of a suite, as the data set describes it. */
export type RecordedTool = z.infer<typeof toolSchema>;
/** The call that an attack needs: of this tool, with this text in its arguments as JSON. */
export type Sink = z.infer<typeof sinkSchema>;
export type Suite = z.infer<typeof suiteSchema>;
/** One task of the user, solved. */
export type UserTask = z.infer<typeof userTaskSchema>;
/** One recorded call and what came of it. */
export type Step = z.infer<typeof stepSchema>;
/** One recorded run of an agent. */
export type Trace = z.infer<typeof traceSchema>;

/** Runs that are counted together. */
export interface DataSet {
  readonly name: string;
  readonly traces: readonly Trace[];
}

export interface Data {
  readonly suites: readonly Suite[];
  readonly sets: readonly DataSet[];
}

/** Says which files of the data set are not there; `undefined` when all are. */
export function missingData(): string | undefined {
  const missing = [SUITES, TRACES, ATTACKS, UNDER_ATTACK, BENIGN].filter(
    (file) => !existsSync(join(dataDirectory, file)),
  );
  if (missing.length === 0) return undefined;
  const where = relative(workspaceRoot, dataDirectory).replaceAll('\\', '/');
  return `${where} (from the repository's root) lacks ${missing.join(', ')}`;
}

/** Reads the data set; see {@link missingData} for whether it is there. */
export function readData(): Data {
  const { suites } = suitesIn(join(dataDirectory, SUITES));
  const traces = (file: string): readonly Trace[] => tracesIn(join(dataDirectory, file));
  return {
    suites,
    sets: [
      { name: PAIRS, traces: traces(TRACES) },
      ...byVariant('recorded attacks', traces(ATTACKS)),
      { name: 'recorded under attack', traces: traces(UNDER_ATTACK) },
      { name: 'recorded benign', traces: traces(BENIGN) },
    ],
  };
}

/** The set in which every task of the user meets every attack once. */
export const PAIRS = 'traces';

/**
 * The suites of a file.
 *
 * @throws {Error} that says where the file is not as it has to be.
 */
export function suitesIn(path: string): Pick<Data, 'suites'> {
  return parsed(
    z.object({ suites: z.array(suiteSchema).min(1) }),
    readFileSync(path, 'utf8'),
    path,
  );
}

/**
 * The runs of a file, one on each line, compressed or not.
 *
 * @throws {Error} that says which line is not as it has to be.
 */
export function tracesIn(path: string): readonly Trace[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .flatMap((line, n) =>
      line.trim() === '' ? [] : [parsed(traceSchema, line, `${path}, line ${n + 1}`)],
    );
}

function parsed<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${where}: it is no JSON`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${where}: ${z.prettifyError(result.error)}`);
}

/** One set for each way in which the attack was worded. */
export function byVariant(name: string, traces: readonly Trace[]): readonly DataSet[] {
  const variants = [...new Set(traces.map(({ attack }) => attack))];
  return variants.map((variant) => ({
    name: `${name}: ${variant ?? 'unnamed'}`,
    traces: traces.filter(({ attack }) => attack === variant),
  }));
}
