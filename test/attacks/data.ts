import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { workspaceRoot } from '../support/workspace-root.ts';

// The data set stays outside the repository. It is full of prompt injections: whatever it says is
// data that is replayed, and nothing here depends on a single value in it.

const directory = join(workspaceRoot, '../shared/data');

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

const suiteSchema = z.object({
  suite: z.string(),
  tools: z.array(toolSchema).min(1),
  injectionTasks: z.array(z.object({ id: z.string(), sinks: z.array(sinkSchema).min(1) })),
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
    (file) => !existsSync(join(directory, file)),
  );
  if (missing.length === 0) return undefined;
  const where = relative(workspaceRoot, directory).replaceAll('\\', '/');
  return `${where} (from the repository's root) lacks ${missing.join(', ')}`;
}

/** Reads the data set; see {@link missingData} for whether it is there. */
export function readData(): Data {
  const { suites } = z.object({ suites: z.array(suiteSchema).min(1) }).parse(readJson(SUITES));
  return {
    suites,
    sets: [
      { name: 'traces', traces: readTraces(TRACES) },
      ...byVariant('recorded attacks', readTraces(ATTACKS)),
      { name: 'recorded under attack', traces: readTraces(UNDER_ATTACK) },
      { name: 'recorded benign', traces: readTraces(BENIGN) },
    ],
  };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(directory, file), 'utf8'));
}

function readTraces(file: string): readonly Trace[] {
  return gunzipSync(readFileSync(join(directory, file)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => traceSchema.parse(JSON.parse(line)));
}

/** One set for each way in which the attack was worded. */
function byVariant(name: string, traces: readonly Trace[]): readonly DataSet[] {
  const variants = [...new Set(traces.map(({ attack }) => attack))];
  return variants.map((variant) => ({
    name: `${name}: ${variant ?? 'unnamed'}`,
    traces: traces.filter(({ attack }) => attack === variant),
  }));
}
