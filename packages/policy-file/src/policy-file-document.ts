import type { Fact } from '@guardstile/core';
import type { Literal, PolicyDocument } from '@guardstile/policy';

/** A policy file. Beside these keys it has those of a `PolicyDocument`, with the same meaning. */
export interface PolicyFileDocument extends PolicyDocument {
  readonly version: 1;
  /** Shown in reports and changes. @default the name of the file */
  readonly name?: string;
  /** Counts the versions that were signed: one that widens needs a higher one. @default 0 */
  readonly revision?: number;
  /** Files whose sets, facts, lists, rules and tests count as if written here. */
  readonly include?: readonly string[];
  /** Environment variables that the file may use, as `{ $env: NAME }`. */
  readonly env?: Readonly<Record<string, EnvDeclaration>>;
  /** Lists with a name, used as `{ $set: NAME }`. */
  readonly sets?: Readonly<Record<string, SetDeclaration>>;
  /** What the application's own tools do; counts as if stated where they are guarded. */
  readonly facts?: Readonly<Record<string, Fact | readonly Fact[]>>;
  /** Policies that take the place of this one for some people. */
  readonly users?: readonly UserPolicy[];
  /** Policies that take the place of this one for some agents. */
  readonly agents?: readonly AgentPolicy[];
  readonly tests?: readonly PolicyTest[];
}

export interface EnvDeclaration {
  readonly type: 'text' | 'number';
  readonly default?: string | number;
}

/** The values, or that the application gives them, and which ones stand in for them in tests. */
export type SetDeclaration =
  | readonly Literal[]
  | { readonly given: 'text' | 'number'; readonly example?: readonly Literal[] };

export interface UserPolicy {
  readonly id: string;
  readonly tenant?: string;
  readonly policy: PolicyDocument;
}

export interface AgentPolicy {
  readonly id: string;
  readonly policy: PolicyDocument;
}

/** One call and what has to be decided of it. */
export interface PolicyTest {
  readonly name?: string;
  /** Name of the tool. */
  readonly call: string;
  /** That there is no such tool, which is a mistake otherwise where the tools are known. @default false */
  readonly unknown?: boolean;
  /** @default 'app' */
  readonly source?: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Who calls. @default nobody that is known */
  readonly as?: {
    readonly id?: string;
    readonly role?: string | readonly string[];
    readonly tenant?: string;
    readonly agent?: string;
  };
  /** What its session has seen before, in this order; matters to `flow`. @default nothing */
  readonly seen?: readonly Seen[];
  readonly expect: 'allow' | 'ask' | 'deny' | 'none';
  /** Id of the rule that has to decide. */
  readonly rule?: string;
}

/** What the user typed, or what a call returned or failed with. */
export type Seen =
  | { readonly prompt: string }
  | (SeenCall & { readonly result: unknown })
  | (SeenCall & { readonly error: string });

interface SeenCall {
  /** Name of the tool. */
  readonly tool: string;
  /** @default 'app' */
  readonly source?: string;
  readonly args?: unknown;
}

/** An included file, whose own parts were checked and those of `@guardstile/policy` not yet. */
export interface FragmentDocument extends Pick<
  PolicyFileDocument,
  'version' | 'include' | 'env' | 'sets' | 'facts' | 'tests'
> {
  readonly deny?: unknown;
  readonly optional?: unknown;
  readonly rules?: unknown;
  readonly flow?: unknown;
}

/** A file, checked as far. */
export type FileDocument = FragmentDocument & {
  readonly [Key in keyof PolicyDocument]?: unknown;
} & {
  readonly name?: string;
  readonly revision?: number;
  readonly users?: readonly ChosenPolicy[];
  readonly agents?: readonly ChosenPolicy[];
};

/** A policy that takes the place of the file's own for somebody. */
export interface ChosenPolicy {
  readonly id: string;
  readonly tenant?: string;
  readonly policy: { readonly [Key in keyof PolicyDocument]?: unknown };
}
