import { type Fact, type GuardedTool, schemaDefinition, type ToolSpec } from '@guardstile/core';

import { fieldOf, isObject } from './field-of.ts';
import { inputSchemaOf } from './input-schema.ts';
import { isAsyncFunction } from './streaming.ts';
import type { ToolShape } from './tool-shape.ts';

/** What was said of one tool. */
export interface ToolOptions {
  readonly facts?: Fact | readonly Fact[] | undefined;
  readonly source?: string | undefined;
  readonly trusted?: boolean | undefined;
  readonly secrets?: readonly string[] | undefined;
  /** Why a returned value is a failure, if it is one. */
  readonly failure?: ToolSpec['failure'] | undefined;
  readonly unknownApprovals?: UnknownApprovals | undefined;
  /** Puts something between the tool and the guard, such as what pins say of its definition. */
  readonly through?: ((tool: GuardedTool) => GuardedTool) | undefined;
}

/** What becomes of an allowed call for which an approval is claimed that the guard never opened. */
export type UnknownApprovals = 'refuse' | 'ignore';

const specs = new WeakMap<object, Map<string, ToolSpec>>();

/** The same tool under the same name and options is one spec, so that its rules are resolved once. */
export function specOf(name: string, tool: ToolShape, options: ToolOptions): ToolSpec {
  let known = specs.get(tool);
  if (known === undefined) specs.set(tool, (known = new Map<string, ToolSpec>()));
  const key = keyOf(name, options);
  let spec = known.get(key);
  if (spec === undefined) known.set(key, (spec = createSpec(name, tool, options)));
  return spec;
}

/** Names never hold a line break, so that no name can imitate one with options. */
function keyOf(name: string, options: ToolOptions): string {
  const { facts, source, trusted, secrets, failure } = options;
  const plain = source === undefined && trusted === undefined && failure === undefined;
  if (plain && secrets === undefined) {
    if (facts === undefined) return name;
    if (typeof facts === 'string') return `${name}\n${facts}`;
  }
  return `${name}\n${JSON.stringify([facts, source, trusted, secrets, String(failure)])}`;
}

function createSpec(name: string, tool: ToolShape, options: ToolOptions): ToolSpec {
  const { facts, source, trusted, secrets, failure } = options;
  const annotations = annotationsOf(tool);
  return {
    name,
    // What an async function answers is a value for the SDK, even if it can be iterated.
    streams: isAsyncFunction(tool.execute) ? 'generators' : 'iterables',
    schema: inputSchemaOf(tool),
    definition: () => schemaDefinition(tool.inputSchema),
    ...(typeof tool.description === 'string' ? { description: tool.description } : {}),
    ...(annotations === undefined ? {} : { annotations }),
    ...(facts === undefined ? {} : { facts }),
    ...(source === undefined ? {} : { source }),
    ...(trusted === undefined ? {} : { trusted }),
    ...(secrets === undefined ? {} : { secrets }),
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Hints that an MCP server gave, which the SDK keeps in the tool's metadata. */
function annotationsOf({ metadata }: ToolShape): ToolSpec['annotations'] | undefined {
  const annotations = fieldOf(metadata, 'annotations');
  return isObject(annotations) ? annotations : undefined;
}
