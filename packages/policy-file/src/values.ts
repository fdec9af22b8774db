import { type CallContext, GuardError } from '@guardstile/core';
import { type Literal, suggest } from '@guardstile/policy';

import type { EnvDeclaration, SetDeclaration } from './policy-file-document.ts';
import type { PolicyFileIssue } from './file-issue.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';

/** The members of a set that the application gives: always the same, or for whoever calls. */
export type GivenSet = readonly Literal[] | ((context: CallContext) => readonly Literal[]);

/** What stands for the references of a document. */
export interface Values {
  readonly sets: Readonly<Record<string, readonly Literal[]>>;
  readonly env: Readonly<Record<string, string | number>>;
  /** Names of the sets that the application gives: their members are no patterns. */
  readonly given: ReadonlySet<string>;
}

/** What the application gives, and whether examples stand in for what it does not. */
export interface ValueOptions {
  readonly sets?: Readonly<Record<string, GivenSet>> | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly examples: boolean;
}

/** The values of a file in some context. */
export interface ValueSource {
  /** Whether they are the same in every context. */
  readonly fixed: boolean;
  /** Values of the same types, for looking at the policy without a context. */
  readonly example: Values;
  /** @throws {GuardError} `policy_error` where the application gives no list. */
  in(context: CallContext): Values;
}

/** Finds the values of a file; what is missing is an issue. */
export function valuesOf(
  { document, issueAt }: ReadPolicyFile,
  { sets = {}, env = {}, examples }: ValueOptions,
  issues: PolicyFileIssue[],
): ValueSource {
  const variables: Record<string, string | number> = {};
  for (const [name, declaration] of Object.entries(document.env ?? {})) {
    const value = variable(declaration, own(env, name), examples);
    if (value === undefined) issues.push(issueAt(['env', name], missing(name, declaration)));
    variables[name] = value ?? NO_VALUE[declaration.type];
  }
  const fixed: Record<string, readonly Literal[]> = {};
  const given = new Set<string>();
  const dynamic: [name: string, declaration: Given, give: (context: CallContext) => unknown][] = [];
  for (const [name, declaration] of Object.entries(document.sets ?? {})) {
    if (Array.isArray(declaration)) {
      fixed[name] = declaration as readonly Literal[]; // the only list in the union
      continue;
    }
    const kind = declaration as Given; // what is no list
    given.add(name);
    const stands = own(sets, name) ?? (examples ? exampleOf(kind) : undefined);
    if (typeof stands === 'function') dynamic.push([name, kind, stands]);
    else if (stands === undefined) {
      issues.push(
        issueAt(['sets', name], `the application has to give it: pass sets: { ${name} }`),
      );
    } else if (isOf(stands, kind)) fixed[name] = stands;
    else issues.push(issueAt(['sets', name], `what is given has to be a list of ${kind.given}s`));
  }
  for (const name of Object.keys(sets)) {
    if (!given.has(name)) issues.push(issueAt(['sets'], notGiven(name, given)));
  }
  const examplesOf = dynamic.map(([name, kind]) => [name, exampleOf(kind)] as const);
  return {
    fixed: dynamic.length === 0,
    example: { sets: { ...fixed, ...Object.fromEntries(examplesOf) }, env: variables, given },
    in(context) {
      if (dynamic.length === 0) return { sets: fixed, env: variables, given };
      const filled = { ...fixed };
      for (const [name, kind, give] of dynamic) {
        const list = give(context);
        if (!isOf(list, kind)) {
          throw new GuardError(
            'policy_error',
            `the set ${name} of this policy was not given as a list of ${kind.given}s; nothing is decided without it`,
          );
        }
        filled[name] = list;
      }
      return { sets: filled, env: variables, given };
    },
  };
}

const NO_VALUE = { text: 'example', number: 0 } as const;
const STAND_IN = { text: [NO_VALUE.text], number: [NO_VALUE.number] } as const;

function exampleOf({ given, example = STAND_IN[given] }: Given): readonly Literal[] {
  return example;
}

type Given = Exclude<SetDeclaration, readonly Literal[]>;

function isOf(list: unknown, { given }: Given): list is readonly Literal[] {
  const type = given === 'text' ? 'string' : 'number';
  return Array.isArray(list) && list.every((item) => typeof item === type);
}

function notGiven(name: string, given: ReadonlySet<string>): string {
  return `the file leaves no set "${name}" to the application${suggest(name, given)}; it would be declared as sets: { ${name}: { given: text } }`;
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;

function variable(
  declaration: EnvDeclaration,
  given: string | undefined,
  examples: boolean,
): string | number | undefined {
  const { type, default: otherwise } = declaration;
  const value = given ?? otherwise ?? (examples ? NO_VALUE[type] : undefined);
  if (type === 'text') return value === undefined || value === '' ? undefined : String(value);
  if (typeof value === 'number') return value;
  return value !== undefined && NUMBER.test(value) ? Number(value) : undefined;
}

function missing(name: string, { type }: EnvDeclaration): string {
  return `the environment variable ${name} has to be ${type === 'number' ? 'a number' : 'set'}; set it, or give a default`;
}
