import { loadMcpTools } from '@langchain/mcp-adapters';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod';
import { type AnyTool, type Body, fields } from './tool-kinds.ts';

/** A tool of a real MCP server in this process. */
export async function mcpTool(body: Body, options: object = {}): Promise<AnyTool> {
  const server = new McpServer({ name: 'weather', version: '1.0.0' });
  server.registerTool(
    fields.name,
    {
      description: fields.description,
      inputSchema: { city: z.string() },
      annotations: { readOnlyHint: true },
    },
    (given) => ({ content: [{ type: 'text', text: body(given) }] }),
  );
  const client = new Client({ name: 'test', version: '1.0.0' });
  const [here, there] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(there), client.connect(here)]);
  const [first] = await loadMcpTools('weather', client, options);
  if (first === undefined) throw new Error('the server offers no tool');
  return first;
}
