import * as z from 'zod';
import type { BodyGiven, NeutralTool, ScriptedCall } from './harness.ts';

/** A tool that remembers with which arguments its body started. */
export interface Sample extends NeutralTool {
  readonly runs: readonly unknown[];
}

const City = z.object({ city: z.string() });

export interface SampleParts {
  readonly description?: string;
  readonly schema?: z.ZodType;
  readonly run?: NeutralTool['run'];
  readonly stream?: NeutralTool['stream'];
}

/** A tool; by default it takes a city and answers with it. */
export function sample(name: string, parts: SampleParts = {}): Sample {
  const { description = `The ${name} of a city`, schema = City, run, stream } = parts;
  const runs: unknown[] = [];
  const common = { name, description, schema, runs };
  if (stream !== undefined) {
    return {
      ...common,
      stream(args: unknown, given: BodyGiven) {
        runs.push(args);
        return stream(args, given);
      },
    };
  }
  return {
    ...common,
    run(args: unknown, given: BodyGiven) {
      runs.push(args);
      return run === undefined ? answerOf(name, args) : run(args, given);
    },
  };
}

/** What a sample without a body of its own answers. */
function answerOf(name: string, args: unknown): string {
  return `${name} in ${String((args as { readonly city?: unknown }).city)}`;
}

/** A call of a sample; the id is the tool's name unless several calls need telling apart. */
export function call(
  tool: string,
  args: unknown = { city: 'Bern' },
  id: string = tool,
): ScriptedCall {
  return { id, tool, args };
}
