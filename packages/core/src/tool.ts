import type { CallContext } from './call.ts';
import type { Turn } from './data-flow.ts';
import { deny } from './decision.ts';
import { type Digest, digest } from './digest.ts';
import { GuardError, isGuardError } from './errors.ts';
import { type Fact, factsOf, type ToolAnnotations } from './facts.ts';
import { messageOf } from './message-of.ts';
import { readOpinion } from './opinion.ts';
import { ownFields } from './own-fields.ts';
import { ownOptions } from './own-options.ts';
import type { Policy, PolicyAnswer, Ruling, ToolInfo } from './policy/policy.ts';
import { isToolSchema, type ToolSchema } from './schema.ts';
import { schemaDefinition } from './schema-definition.ts';
import type { Guarantees } from './sandbox/guarantees.ts';
import type { MaybePromise } from './steps.ts';

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
   * Top-level fields of the arguments that change nothing of what the tool does, such as a remark: an
   * approval is not bound to them. They are shown, and they run as they were shown.
   */
  readonly cosmetic?: readonly string[];
  /**
   * Which results are streams whose every chunk is guarded: those of generators, or everything
   * that can be iterated asynchronously.
   *
   * @default 'generators'
   */
  readonly streams?: 'generators' | 'iterables';
  /**
   * What else makes the tool what it is, such as its schema as plain data (see `schemaDefinition`):
   * an approval does not outlive it. Only looked at when a person is asked.
   *
   * @default the schema
   */
  readonly definition?: () => MaybePromise<unknown>;
  /**
   * Why a returned value is a failure, if it is one: log, hooks and limits see it as such, and it is
   * returned all the same.
   */
  readonly failure?: (result: unknown) => string | undefined;
  /**
   * What the model is shown of a result that holds more: the labels of a data flow are about that.
   *
   * @default the result
   */
  readonly shown?: (result: unknown) => unknown;
}

/** What is stated of a tool by its name, for whoever cannot state it where it is guarded. */
export type ToolDetails = Pick<
  ToolSpec,
  'facts' | 'secrets' | 'timeoutMs' | 'requires' | 'cosmetic'
>;

/** A tool as a guard keeps it: its rules are resolved already, and nobody else can change it. */
export interface RegisteredTool {
  readonly info: ToolInfo;
  readonly ruling: Ruling;
  readonly schema: ToolSchema | undefined;
  readonly secrets: readonly string[];
  readonly timeoutMs: number | undefined;
  readonly requires: Partial<Guarantees> | undefined;
  readonly cosmetic: readonly string[];
  readonly streams: 'generators' | 'iterables';
  readonly definition: (() => MaybePromise<unknown>) | undefined;
  readonly failure: ((result: unknown) => string | undefined) | undefined;
  readonly shown: ((result: unknown) => unknown) | undefined;
}

const KNOWN = [
  'name',
  'source',
  'description',
  'schema',
  'facts',
  'annotations',
  'trusted',
  'secrets',
  'timeoutMs',
  'requires',
  'cosmetic',
  'streams',
  'definition',
  'failure',
  'shown',
] as const satisfies ReadonlyArray<keyof ToolSpec>;

const ASCII_NAME = /^[\x20-\x7e]{1,256}$/;
const NO_NAMES: readonly string[] = Object.freeze([]);

/**
 * @throws {GuardError} `tool_invalid`, `facts_invalid` or `policy_error`.
 */
export function registerTool(
  given: ToolSpec,
  policy: Policy,
  options: { readonly unicodeNames: boolean } & Required<Pick<ToolInfo, 'flipped'>>,
): RegisteredTool {
  // Own properties only: a polluted prototype must not state facts or hand out secrets.
  const spec = ownOptions(`tool "${given.name}"`, given, KNOWN, 'tool_invalid');
  const { name, source = 'app', schema, timeoutMs } = spec;
  if (typeof name !== 'string' || name === '') {
    throw new GuardError('tool_invalid', 'a tool needs a name');
  }
  if (!options.unicodeNames && !ASCII_NAME.test(name)) {
    throw invalid(
      name,
      'its name has characters outside ASCII, which can imitate another tool; rename it or pass createGuard({ unicodeNames: true })',
    );
  }
  if (schema !== undefined && !isToolSchema(schema)) {
    throw invalid(name, 'its schema has neither safeParse() nor ~standard');
  }
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    throw invalid(name, 'its timeoutMs has to be a time above 0 in milliseconds');
  }
  const secrets = namesOf(spec, 'secrets');
  const cosmetic = namesOf(spec, 'cosmetic');
  const facts = factsOf(name, {
    stated: spec.facts,
    annotations: spec.annotations === undefined ? undefined : ownFields(spec.annotations),
    trusted: spec.trusted,
  });
  const details = toolDigest(spec);
  const identity = Object.freeze({
    source,
    name,
    ...(details === undefined ? {} : { digest: details }),
  });
  const info: ToolInfo = Object.freeze({ identity, facts: Object.freeze(facts) });
  return {
    info,
    ruling: rulingOf(policy, { ...info, flipped: options.flipped }),
    schema,
    secrets,
    timeoutMs,
    requires: spec.requires,
    cosmetic,
    streams: spec.streams === 'iterables' ? 'iterables' : 'generators',
    definition:
      spec.definition ?? (schema === undefined ? undefined : () => schemaDefinition(schema)),
    failure: spec.failure,
    shown: spec.shown,
  };
}

/** A tool that cannot be guarded as it is asked for: each of its calls is denied, and logged as such. */
export function refusedTool(name: string, error: unknown): RegisteredTool {
  const code = isGuardError(error) ? error.code : 'policy_error';
  const message = messageOf(error);
  const prefix = `${name}: `;
  // The error of the call names the tool already.
  const reason = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  const identity = Object.freeze({ source: 'app', name });
  return {
    info: Object.freeze({ identity, facts: Object.freeze(factsOf(name, {})) }),
    ruling: deny(digest('policy', 'none'), reason, code),
    schema: undefined,
    secrets: NO_NAMES,
    timeoutMs: undefined,
    requires: undefined,
    cosmetic: NO_NAMES,
    streams: 'generators',
    definition: undefined,
    failure: undefined,
    shown: undefined,
  };
}

function namesOf(spec: ToolSpec, field: 'secrets' | 'cosmetic'): readonly string[] {
  const names: unknown = spec[field] ?? NO_NAMES;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) {
    return names.length === 0 ? NO_NAMES : Object.freeze([...names]);
  }
  throw invalid(spec.name, `its ${field} have to be a list of names`);
}

function rulingOf(policy: Policy, info: ToolInfo): Ruling {
  try {
    const ruling: unknown = policy.resolve(info);
    if (typeof ruling === 'function') return ruling as Ruling; // called like one, and its answer is read
    return readOpinion(ruling, policy.name, policy.digest({}));
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    throw new GuardError(
      'policy_error',
      `the policy failed: ${messageOf(cause)}; mend the policy`,
      {
        tool: info.identity.name,
        cause,
      },
    );
  }
}

function invalid(tool: string, what: string): GuardError {
  return new GuardError('tool_invalid', what, { tool });
}

function toolDigest({ description, annotations }: ToolSpec): Digest | undefined {
  if (description === undefined && annotations === undefined) return undefined;
  return digest('tool', { description, annotations });
}

/** What the requester answered through the framework: a vote of the context's principal. */
export interface RequesterAnswer {
  readonly channel: string;
  readonly verdict: 'approve' | 'deny';
  readonly note?: string;
}

/** One request to call a tool. */
export interface CallInput {
  readonly args: unknown;
  /** The framework's id of the call. @default the `rid` */
  readonly id?: string;
  /** Goes before the guard's own context, field by field. */
  readonly context?: CallContext;
  /** What was said before, as the framework has it. Only asked for where the guard has a data flow. */
  readonly turns?: () => readonly Turn[];
  /** What the framework itself demands: a restricting layer. */
  readonly demands?: readonly PolicyAnswer[];
  /** That the call comes back with an answer, or, `'voted'`, that its votes are in the store already. Counts only where this guard opened that approval. */
  readonly answer?: RequesterAnswer | 'voted';
  /** Arguments are parsed already; after a rewrite they are checked against the schema. */
  readonly parsed?: boolean;
  /** Id of the approval that the answer is about. @default it is found by the call's id and arguments */
  readonly approval?: string;
}
