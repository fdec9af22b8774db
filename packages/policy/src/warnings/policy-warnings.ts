import { ownOptions } from '@guardstile/core';

import type { PolicyDocument, RuleDocument } from '../document.ts';
import type { PolicyIssue } from '../issues.ts';
import { readDocument } from '../read-document.ts';
import { isPattern, matchesPattern } from '../tool-pattern.ts';
import { contradictionsIn, unknownField } from './contradictions.ts';
import { type JsonSchema, partOf, schemasByTool, typesOf } from './json-schema.ts';
import { flowArguments } from './flow-arguments.ts';
import { flowMistakes } from './flow-mistakes.ts';
import { neverDecidesIn } from './never-decides.ts';
import { sessionLimits } from './session-limits.ts';

export interface WarningOptions {
  /**
   * The tools, or the schemas of what they take by name (zod, Standard JSON Schema, JSON Schema).
   * @default unknown; what depends on them is not looked at
   */
  readonly tools?: object;
}

/**
 * What a policy can be used with, and is most likely a mistake: rules that decide nothing, conditions
 * that no call can meet, limits that a new session evades, and labels and origins without each other. Nothing for a document that cannot be used; see `checkPolicy`.
 */
export function policyWarnings(
  document: unknown,
  options: WarningOptions = {},
): readonly PolicyIssue[] {
  const { tools } = ownOptions('policyWarnings', options, ['tools'], 'options_invalid');
  const read = readDocument(document, { emptyLists: true });
  if (read.issues.length > 0) return [];
  const { rules: given = [], flow } = document as PolicyDocument; // read above
  const schemas = tools === undefined ? new Map() : schemasByTool(tools);
  const neverDecides = neverDecidesIn(read);
  const rules = new Map(read.rules.map((rule) => [rule.id, rule]));
  const lists = (['allow', 'deny', 'optional'] as const).flatMap((name) =>
    (read.lists[name] ?? []).flatMap((pattern) => notAPattern(pattern, schemas, [name])),
  );
  const ofRules = given.flatMap((one, i) => {
    const rule = rules.get(one.id);
    if (rule === undefined) return [];
    const names = namesOf(rule.tools, [...schemas.keys()]);
    const never = neverDecides(rule, names);
    const own = rule.source === undefined || rule.source === 'app';
    return [
      ...rule.tools.flatMap((pattern) => notAPattern(pattern, schemas, ['rules', i, 'tool'])),
      ...(never === undefined ? [] : [{ path: ['rules', i, 'id'], message: never }]),
      ...contradictionsOf(one, ['rules', i], own ? names : [], schemas),
    ];
  });
  const ofFlow =
    flow === undefined
      ? []
      : [
          ...flowArguments(flow, schemas),
          // Another layer may accept what this one labels.
          ...(read.layer === 'restricts' ? [] : flowMistakes(flow)),
        ];
  return [...lists, ...ofRules, ...sessionLimits(read, given), ...ofFlow];
}

/** What means something in other patterns than these. */
function notAPattern(
  name: string,
  known: ReadonlyMap<string, unknown>,
  path: PolicyIssue['path'],
): readonly PolicyIssue[] {
  const [letter] = /[?[\]{}|^$\\]/.exec(name) ?? [];
  if (letter === undefined || known.has(name)) return [];
  return [
    { path, message: `only * is a pattern in names: "${name}" is about tools with a "${letter}"` },
  ];
}

/** The tools that a rule is about, as far as they are known. */
function namesOf(tools: readonly string[], known: readonly string[]): readonly string[] {
  const names = tools.flatMap((tool) =>
    isPattern(tool) ? known.filter((name) => matchesPattern(name, tool)) : [tool],
  );
  return [...new Set(names)];
}

function contradictionsOf(
  rule: RuleDocument,
  path: PolicyIssue['path'],
  names: readonly string[],
  schemas: ReadonlyMap<string, JsonSchema | undefined>,
): readonly PolicyIssue[] {
  const each = names.flatMap((name) => {
    const schema = schemas.get(name);
    return schema === undefined ? [] : [inSchema(rule, path, schema, `${name}: `)];
  });
  // A pattern may well be about fields that some of its tools have and others have not.
  const patterned = [rule.tool].flat().some(isPattern);
  if (patterned && each.some((found) => found.length === 0)) return [];
  return each.length === 0 ? inSchema(rule, path, undefined, '') : each.flat();
}

function inSchema(
  { where, approve, limits }: RuleDocument,
  path: PolicyIssue['path'],
  schema: JsonSchema | undefined,
  prefix: string,
): readonly PolicyIssue[] {
  const editable = (approve?.editable ?? []).flatMap((name, i) => {
    const message = unknownField(schema, name);
    return message === undefined ? [] : [{ path: [...path, 'approve', 'editable', i], message }];
  });
  const counted = (limits ?? []).flatMap(({ amount }, i) => {
    const message = typeof amount === 'object' ? uncountable(schema, amount.from) : undefined;
    return message === undefined
      ? []
      : [{ path: [...path, 'limits', i, 'amount', 'from'], message }];
  });
  const impossible = contradictionsIn(where, schema, [...path, 'where']);
  return [...impossible, ...editable, ...counted].map((issue) => ({
    path: issue.path,
    message: prefix + issue.message,
  }));
}

function uncountable(schema: JsonSchema | undefined, name: string): string | undefined {
  const types = typesOf(partOf(schema, name));
  return types === undefined || types.has('number')
    ? unknownField(schema, name)
    : `a limit counts numbers, and the field is ${[...types].join(' or ')}`;
}
