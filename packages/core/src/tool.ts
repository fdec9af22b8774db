import type { CallContext } from './call.ts';
import { type Digest, digest } from './digest.ts';
import { GuardError } from './errors.ts';
import { type Fact, factsOf, type ToolAnnotations } from './facts.ts';
import type { Policy, Ruling, ToolInfo } from './policy/policy.ts';
import { isToolSchema, type ToolSchema } from './schema.ts';
import type { Guarantees } from './sandbox/guarantees.ts';

/** What is known of a tool when it is guarded. */
export interface ToolSpec {
  readonly name: string;
  /** Where the tool comes from, such as the name of an MCP server. @default 'app' */
  readonly source?: string;
  readonly description?: string;
  /** Parses the arguments, once. Absent: they are taken as they come. */
  readonly schema?: ToolSchema;
  /** What the developer states of the tool. Goes before annotations and name. */
  readonly facts?: Fact | readonly Fact[];
  readonly annotations?: ToolAnnotations;
  /** Whether annotations of this source are believed. @default false */
  readonly trusted?: boolean;
  /** Names of the secrets that the tool's body receives. */
  readonly secrets?: readonly string[];
  /** How long the body may run, in milliseconds. @default the guard's */
  readonly timeoutMs?: number;
  /** Weakest sandbox guarantees that the tool accepts. */
  readonly requires?: Partial<Guarantees>;
  /**
   * Which results are streams whose every chunk is guarded: those of generators, or everything
   * that can be iterated asynchronously.
   *
   * @default 'generators'
   */
  readonly streams?: 'generators' | 'iterables';
}

/** A tool as a guard keeps it: its rules are resolved already. */
export interface RegisteredTool {
  readonly spec: ToolSpec;
  readonly info: ToolInfo;
  readonly ruling: Ruling;
}

const ASCII_NAME = /^[\x20-\x7e]{1,256}$/;

/**
 * @throws {GuardError} `tool_invalid` or `facts_invalid`.
 */
export function registerTool(
  spec: ToolSpec,
  policy: Policy,
  options: { readonly unicodeNames: boolean },
): RegisteredTool {
  const { name, source = 'app' } = spec;
  if (typeof name !== 'string' || name === '') {
    throw new GuardError('tool_invalid', 'a tool needs a name');
  }
  if (!options.unicodeNames && !ASCII_NAME.test(name)) {
    throw new GuardError(
      'tool_invalid',
      'its name has characters outside ASCII, which can imitate another tool; rename it or pass createGuard({ unicodeNames: true })',
      { tool: name },
    );
  }
  if (spec.schema !== undefined && !isToolSchema(spec.schema)) {
    throw new GuardError('tool_invalid', 'its schema has neither safeParse() nor ~standard', {
      tool: name,
    });
  }
  const facts = factsOf(name, {
    stated: spec.facts,
    annotations: spec.annotations,
    trusted: spec.trusted,
  });
  const details = toolDigest(spec);
  const identity = Object.freeze({ source, name, ...(details === undefined ? {} : { digest: details }) });
  const info: ToolInfo = Object.freeze({ identity, facts: Object.freeze(facts) });
  return { spec, info, ruling: policy.resolve(info) };
}

function toolDigest({ description, annotations }: ToolSpec): Digest | undefined {
  if (description === undefined && annotations === undefined) return undefined;
  return digest('tool', { description, annotations });
}

/** One request to call a tool. */
export interface CallInput {
  readonly args: unknown;
  /** The framework's id of the call. @default the `rid` */
  readonly id?: string;
  /** Goes before the guard's own context, field by field. */
  readonly context?: CallContext;
  /** What the framework itself demands: a restricting layer. */
  readonly demands?: ReadonlyArray<import('./policy/policy.ts').PolicyAnswer>;
  /**
   * The requester's answer to an approval that the framework asked for. Counts as a vote of the
   * context's principal, and only where this guard opened that approval.
   */
  readonly answer?: { readonly channel: string; readonly verdict: 'approve' | 'deny'; readonly note?: string };
  /** Arguments are parsed already; after a rewrite they are checked against the schema. */
  readonly parsed?: boolean;
}
