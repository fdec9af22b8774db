import { object } from './condition-schema.ts';
import type { JsonSchema } from './json-schema-of.ts';

export const TEXT: JsonSchema = { type: 'string', minLength: 1 };
export const SET: JsonSchema = { $ref: '#/$defs/set' };

/** A list, some of whose items may be those of a set. */
export function list(items: JsonSchema): JsonSchema {
  return { anyOf: [SET, { type: 'array', items: { anyOf: [items, SET] } }] };
}

/** One, or a list of at least one. */
export function oneOrMore(items: JsonSchema): JsonSchema {
  return { anyOf: [items, SET, { type: 'array', minItems: 1, items: { anyOf: [items, SET] } }] };
}

export const DURATION: JsonSchema = {
  anyOf: [
    { type: 'string', pattern: '^\\d{1,9}(ms|s|m|h|d)$' },
    { type: 'number', exclusiveMinimum: 0 },
  ],
};

/** What becomes of an ask that nobody answers. */
export const ON_EXPIRY: JsonSchema = {
  anyOf: [{ enum: ['deny', 'park'] }, object({ escalateTo: oneOrMore(TEXT) }, ['escalateTo'])],
};
