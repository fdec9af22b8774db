import { fieldOf, isObject } from './field-of.ts';

const LONGEST_REASON = 500;

/** Why a result of an MCP server is a failure, in the server's words; see `failure` of a tool. */
export function mcpFailure(result: unknown): string | undefined {
  if (fieldOf(result, 'isError') !== true) return undefined;
  const text = textOf(fieldOf(result, 'content')).slice(0, LONGEST_REASON);
  return text === ''
    ? 'the MCP server answered isError'
    : `the MCP server answered isError: ${text}`;
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return (content as readonly unknown[])
    .flatMap((part) => {
      const text = isObject(part) ? fieldOf(part, 'text') : undefined;
      return typeof text === 'string' ? [text] : [];
    })
    .join(' ');
}
