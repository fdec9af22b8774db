import type { FlowSpec } from '@guardstile/data-flow';

import type { PolicyIssue } from '../issues.ts';
import { unknownField } from './contradictions.ts';
import { isRecord, type JsonSchema, partOf } from './json-schema.ts';

/** Arguments that a tool does not have: what is said of where they come from keeps nothing. */
export function flowArguments(
  { tools = {} }: FlowSpec,
  schemas: ReadonlyMap<string, JsonSchema | undefined>,
): readonly PolicyIssue[] {
  return Object.entries(tools).flatMap(([tool, { args = {} }]) =>
    Object.keys(args).flatMap((argument) => {
      const message = unknownPart(schemas.get(tool), stepsOf(argument));
      const path = ['flow', 'tools', tool, 'args', argument];
      return message === undefined ? [] : [{ path, message: `${tool}: ${message}` }];
    }),
  );
}

const ITEM = '[]';

/** `items[].url` as its steps. */
function stepsOf(argument: string): readonly string[] {
  return argument
    .replaceAll(ITEM, `.${ITEM}`)
    .split('.')
    .filter((step) => step !== '');
}

function unknownPart(
  schema: JsonSchema | undefined,
  [step, ...rest]: readonly string[],
): string | undefined {
  if (step === undefined || schema === undefined) return undefined;
  if (step !== ITEM) return unknownField(schema, step) ?? unknownPart(partOf(schema, step), rest);
  const { items } = schema;
  return unknownPart(isRecord(items) ? items : undefined, rest);
}
