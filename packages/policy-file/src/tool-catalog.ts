import { GuardError } from '@guardstile/core';

import { isRecord, type JsonSchema, jsonSchemaOf } from './json-schema-of.ts';

/** The tools that a policy is about, by name, with the schema of their arguments where it is known. */
export type ToolCatalog = ReadonlyMap<string, JsonSchema | undefined>;

/**
 * What is known of tools: a record of tools of the AI SDK or of schemas, or a list of LangChain
 * tools or of `{ name, parameters }`.
 *
 * @throws {GuardError} `options_invalid` for anything else.
 */
export async function toolCatalog(tools: unknown): Promise<ToolCatalog> {
  const catalog = new Map<string, JsonSchema | undefined>();
  for (const [name, tool] of entriesOf(tools)) catalog.set(name, await schemaOf(tool));
  return catalog;
}

function entriesOf(tools: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(tools)) {
    return tools.map((tool: unknown) => {
      const name = isHolder(tool) ? tool['name'] : undefined;
      if (typeof name === 'string') return [name, tool];
      throw new GuardError('options_invalid', 'a tool in the list has no name');
    });
  }
  if (typeof tools === 'object' && tools !== null) return Object.entries(tools);
  throw new GuardError(
    'options_invalid',
    'tools are a record of tools or of schemas, or a list of tools that have names',
  );
}

const SCHEMA_FIELDS = ['inputSchema', 'schema', 'parameters', 'params'];

function schemaOf(tool: unknown): Promise<JsonSchema | undefined> {
  if (!isHolder(tool)) return Promise.resolve(undefined);
  const isSchema = '_zod' in tool || '~standard' in tool || isRecord(tool['properties']);
  const field = isSchema ? undefined : SCHEMA_FIELDS.find((name) => name in tool);
  return jsonSchemaOf(field === undefined ? tool : tool[field]);
}

function isHolder(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
