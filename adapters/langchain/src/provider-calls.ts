/** A tool call that the model's provider has run by itself. */
export interface ProviderCall {
  readonly tool: string;
  readonly id: string | undefined;
  readonly args: unknown;
}

interface Block {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly args?: unknown;
  readonly input?: unknown;
}

interface Message {
  readonly content?: unknown;
  /** LangChain 1.x translates what each provider calls it. */
  readonly contentBlocks?: unknown;
}

const TYPES: readonly unknown[] = ['server_tool_call', 'server_tool_use', 'mcp_tool_use'];

/** What an answer of a model says that its provider has run. */
export function providerCallsIn(message: unknown): readonly ProviderCall[] {
  if (typeof message !== 'object' || message === null) return [];
  const { content, contentBlocks = content }: Message = message;
  if (!Array.isArray(contentBlocks)) return [];
  return (contentBlocks as readonly unknown[]).flatMap((block) => {
    if (typeof block !== 'object' || block === null) return [];
    const { type, id, name, args, input }: Block = block;
    if (!TYPES.includes(type)) return [];
    return [
      {
        tool: typeof name === 'string' ? name : 'unknown',
        id: typeof id === 'string' ? id : undefined,
        args: args ?? input,
      },
    ];
  });
}
