import { type Fact, schemaDefinition, type StandardSchema, type ToolSpec } from '@guardstile/core';

import type { ContextOf } from './call-context.ts';
import { parseInput } from './parse-input.ts';
import { shownResult } from './shown-result.ts';
import type { ToolShape } from './tool-shape.ts';

/** What can be said of one tool. */
export interface GuardToolOptions {
  /** What the developer states of the tool. */
  readonly facts?: Fact | readonly Fact[] | undefined;
  /** Where the tool comes from, such as the name of an MCP server. @default 'app' */
  readonly source?: string | undefined;
  /** Whether annotations (hints) of this source are believed. @default false */
  readonly trusted?: boolean | undefined;
  /** Names of the secrets that the tool's body receives as `config.secrets`. */
  readonly secrets?: readonly string[] | undefined;
  /** The context of a call, from what the application put into the config of the run. */
  readonly context?: ContextOf | undefined;
}

const specs = new WeakMap<object, Map<string, ToolSpec>>();

/** The same tool under the same options is one spec, so that its rules are resolved once. */
export function specOf(tool: ToolShape, options: GuardToolOptions): ToolSpec {
  let known = specs.get(tool);
  if (known === undefined) specs.set(tool, (known = new Map<string, ToolSpec>()));
  const { facts, source, trusted, secrets } = options;
  const key = JSON.stringify([facts, source, trusted, secrets]);
  let spec = known.get(key);
  if (spec === undefined) known.set(key, (spec = createSpec(tool, options)));
  return spec;
}

function createSpec(tool: ToolShape, options: GuardToolOptions): ToolSpec {
  const { facts, source, trusted, secrets } = options;
  const { name, description } = tool;
  const annotations = annotationsOf(tool);
  return {
    name,
    schema: schemaOf(tool),
    definition: () => schemaDefinition(tool.schema),
    shown: (result) => shownResult(result, tool.responseFormat),
    ...(typeof description === 'string' ? { description } : {}),
    ...(annotations === undefined ? {} : { annotations }),
    ...(facts === undefined ? {} : { facts }),
    ...(source === undefined ? {} : { source }),
    ...(trusted === undefined ? {} : { trusted }),
    ...(secrets === undefined ? {} : { secrets }),
  };
}

/** LangChain has parsed the arguments before a guard sees them, so this is for changed ones. */
function schemaOf(tool: ToolShape): StandardSchema {
  return {
    '~standard': { validate: async (input) => ({ value: await parseInput(tool, input) }) },
  };
}

/** Hints that an MCP server gave, which `@langchain/mcp-adapters` keeps in the tool's metadata. */
function annotationsOf({ metadata }: ToolShape): ToolSpec['annotations'] | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  if (!Object.hasOwn(metadata, 'annotations')) return undefined;
  const { annotations } = metadata as { readonly annotations?: unknown };
  return typeof annotations === 'object' && annotations !== null ? annotations : undefined;
}
