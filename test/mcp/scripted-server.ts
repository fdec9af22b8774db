import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  CallToolRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

export interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: { readonly type: 'object'; readonly properties?: Record<string, object> };
  readonly annotations?: object;
}

/** What a server does; all of it may be changed while it runs. */
export interface Script {
  tools: readonly ListedTool[];
  call: (name: string, args: unknown, signal: AbortSignal) => unknown;
  /** Tools per page; everything on one page without it. */
  page?: number;
  /** Pages that never end. */
  endless?: boolean;
}

export interface ScriptedServer {
  readonly script: Script;
  /** Calls that reached the server. */
  readonly calls: string[];
  /** How often it was asked for its tools. */
  listings(): number;
  /** The client's end of a connection to it. */
  connect(): Promise<InMemoryTransport>;
}

export const listed = (name: string, more: Partial<ListedTool> = {}): ListedTool => ({
  name,
  description: `Does ${name}`,
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
  ...more,
});

/** A result; the client adds `isError: false` where the server says nothing. */
export const text = (value: string, isError = false): object => ({
  content: [{ type: 'text', text: value }],
  isError,
});

/** A real server of the protocol's SDK in this process, doing what its script says. */
export function scriptedServer(given: Partial<Script> = {}): ScriptedServer {
  const script: Script = { tools: [], call: (name) => text(`${name} done`), ...given };
  const calls: string[] = [];
  let listings = 0;

  async function serve(transport: InMemoryTransport): Promise<void> {
    const { server } = new McpServer(
      { name: 'app', version: '1.0.0' },
      { capabilities: { tools: {}, resources: {} } },
    );
    server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
      listings += 1;
      const from = Number(params?.cursor ?? 0);
      const to = from + (script.page ?? script.tools.length);
      const more = script.endless === true || to < script.tools.length;
      return {
        tools: script.tools.slice(from, to) as never[], // servers list what they like
        ...(more ? { nextCursor: String(to) } : {}),
      };
    });
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
      calls.push(params.name);
      return (await script.call(params.name, params.arguments, signal)) as never; // as they like
    });
    server.setRequestHandler(ListResourcesRequestSchema, () => ({
      resources: [{ uri: 'file:///a', name: 'a' }],
    }));
    server.setRequestHandler(ReadResourceRequestSchema, () => ({
      contents: [{ uri: 'file:///a', text: 'A' }],
    }));
    await server.connect(transport);
  }

  return {
    script,
    calls,
    listings: () => listings,
    async connect() {
      const [ours, theirs] = InMemoryTransport.createLinkedPair();
      await serve(theirs);
      return ours;
    },
  };
}
