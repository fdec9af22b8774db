import { suggest } from '@guardstile/policy';
import type * as z from 'zod';

import { partAt } from './part-at.ts';

type Path = readonly (string | number)[];

/** One thing that does not fit a schema, in words. */
export interface SchemaIssue {
  readonly path: Path;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** What a schema says, with the name that was probably meant. */
export function schemaIssues(
  issues: readonly Issue[],
  value: unknown,
  known: Readonly<Record<string, readonly string[]>> = {},
): readonly SchemaIssue[] {
  return issues.flatMap((issue) => describe(issue, [], value, known));
}

function describe(
  issue: Issue,
  before: Path,
  value: unknown,
  known: Readonly<Record<string, readonly string[]>>,
): readonly SchemaIssue[] {
  const path = [...before, ...(issue.path as Path)]; // keys of a document that was parsed
  switch (issue.code) {
    case 'unrecognized_keys': {
      const names = known[before.length + issue.path.length === 0 ? '' : String(path[0])] ?? [];
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `"${key}" is not known here${suggest(key, names)}${names.length === 0 ? '' : `; use ${names.join(', ')}`}`,
      }));
    }
    case 'invalid_value':
      return [{ path, message: notOneOf(partAt(value, path), issue.values) }];
    case 'invalid_union':
      return ofUnion(issue, path, value).concat(
        nearest(issue.errors).flatMap((one) => describe(one, path, value, known)),
      );
    case 'invalid_type':
      return [{ path, message: `it has to be of type ${issue.expected}` }];
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message }));
    default:
      return [{ path, message: issue.message }];
  }
}

/** A value that says by itself which form it has, and there is none such. */
function ofUnion(
  { errors, options }: z.core.$ZodIssueInvalidUnion & { readonly options?: unknown },
  path: Path,
  value: unknown,
): SchemaIssue[] {
  if (errors.length > 0) return [];
  const values: readonly unknown[] = Array.isArray(options) ? options : [];
  return [{ path, message: notOneOf(partAt(value, path), values) }];
}

function notOneOf(given: unknown, values: readonly unknown[]): string {
  const texts = values.filter((one) => typeof one === 'string');
  const meant = typeof given === 'string' ? suggest(given, texts) : '';
  const said = given === undefined ? 'it is missing' : `it cannot be ${JSON.stringify(given)}`;
  return `${said}${meant}${values.length === 0 ? '' : `; use ${values.map(String).join(', ')}`}`;
}

/** Of the forms that a value may have, the one that it came closest to. */
function nearest(errors: readonly (readonly Issue[])[]): readonly Issue[] {
  const typed = errors.filter((issues) => !issues.some(isOfAnotherType));
  return (typed.length > 0 ? typed : errors)[0] ?? [];
}

function isOfAnotherType({ code, path }: Issue): boolean {
  return code === 'invalid_type' && path.length === 0;
}
