const FIELDS: ReadonlySet<string> = new Set(['content', 'structuredContent', 'isError', '_meta']);

/** What the result of an MCP server holds, each part by itself; `undefined` for anything else. */
export function mcpContent(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || !('content' in value)) return undefined;
  if (!Object.keys(value).every((name) => FIELDS.has(name))) return undefined;
  const { content } = value;
  if (!Array.isArray(content) || !content.every(isPart)) return undefined;
  const parts = content.map((part) => ('text' in part ? part.text : part));
  return 'structuredContent' in value ? [...parts, value.structuredContent] : parts;
}

function isPart(part: unknown): part is object & { readonly text?: unknown } {
  return typeof part === 'object' && part !== null && 'type' in part;
}
