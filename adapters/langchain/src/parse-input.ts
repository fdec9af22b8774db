import { Tool, ToolInputParsingException } from '@langchain/core/tools';
import { Validator } from '@langchain/core/utils/json_schema';
import { interopParseAsync, isInteropZodSchema } from '@langchain/core/utils/types';

import type { ToolShape } from './tool-shape.ts';

/**
 * The arguments as LangChain parses them for the tool.
 *
 * @throws what the schema throws, or an error that says where they do not fit.
 */
export async function parseInput(tool: ToolShape, input: unknown): Promise<unknown> {
  const { schema } = tool;
  // Tools that take one text wrap it themselves before they parse it.
  const given = tool instanceof Tool && !isRecord(input) ? { input } : input;
  if (isInteropZodSchema(schema)) return interopParseAsync(schema, given);
  const { valid, errors } = new Validator(schema as object).validate(given);
  if (valid) return given;
  throw new Error(
    errors.map(({ keywordLocation, error }) => `${keywordLocation}: ${error}`).join('; '),
  );
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/**
 * The same for tools that LangChain does not parse for.
 *
 * @throws {ToolInputParsingException} as LangChain itself.
 */
export async function parseAsLangChain(tool: ToolShape, input: unknown): Promise<unknown> {
  try {
    return await parseInput(tool, input);
  } catch {
    throw new ToolInputParsingException(
      'Received tool input did not match expected schema',
      JSON.stringify(input),
    );
  }
}
