import type { Fact } from '@guardstile/core';

import type { ContextOf } from './call-context.ts';
import type { GuardToolOptions } from './tool-spec.ts';

/** What can be said of the tools in one set. */
export interface ToolSetOptions {
  /** What the developer states of tools, by name. */
  readonly facts?: Readonly<Record<string, Fact | readonly Fact[]>>;
  /** Where the tools come from, such as the name of an MCP server. @default 'app' */
  readonly source?: string;
  /** Whether annotations (hints) of this source are believed. @default false */
  readonly trusted?: boolean;
  /** Names of the secrets that a tool's body receives as `config.secrets`, by tool. */
  readonly toolSecrets?: Readonly<Record<string, readonly string[]>>;
  /** The context of a call, from what the application put into the config of the run. */
  readonly context?: ContextOf;
}

/** What was said of one tool of the set. */
export function toolOptions(name: string, options: ToolSetOptions): GuardToolOptions {
  const { facts, source, trusted, toolSecrets, context } = options;
  return {
    facts: ownField(facts, name),
    source,
    trusted,
    secrets: ownField(toolSecrets, name),
    context,
  };
}

function ownField<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
