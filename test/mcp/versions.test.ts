import { createMCPClient } from '@ai-sdk/mcp';
import { StdioMCPTransport } from '@ai-sdk/mcp/mcp-stdio';
import { createGuard, guardMcpClient, toolPolicy, withGuard } from '@guardstile/ai-sdk';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { ToolSet } from 'ai';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Said, Sdk } from '../conformance/ai-sdk/sdk.ts';
import { versions } from '../conformance/ai-sdk/versions.ts';

const server = {
  command: process.execPath,
  args: [fileURLToPath(new URL('./child-server.ts', import.meta.url))],
};

/** ai 5 does not know the schemas that `@ai-sdk/mcp` 2 makes, guarded or not. */
function schemasOf(sdk: Sdk, tools: ToolSet): ToolSet {
  const withOwn = Object.entries(tools).map(([name, tool]) => {
    const { jsonSchema } = tool.inputSchema as { readonly jsonSchema: object };
    return [name, { ...tool, inputSchema: sdk.jsonSchema(jsonSchema) }] as const;
  });
  return Object.fromEntries(withOwn);
}

/** Calls the tools one after another, in a run of a real version of the SDK. */
async function converse(sdk: Sdk, tools: ToolSet, names: readonly string[]): Promise<unknown[]> {
  let step = 0;
  const model = sdk.modelOf(() => {
    const toolName = names[step++];
    const said: Said =
      toolName === undefined
        ? { type: 'text', text: 'done' }
        : { type: 'tool-call', toolCallId: `call-${step}`, toolName, input: '{"path":"/a"}' };
    return { content: [said], streamed: [] };
  });
  const { steps } = await sdk.generateText({
    model,
    tools: schemasOf(sdk, tools),
    prompt: 'go',
    stopWhen: sdk.stopAfter(names.length + 1),
  });
  return steps
    .flatMap(({ content }) => content)
    .flatMap(({ type, output, error }) =>
      type === 'tool-result' ? [output] : type === 'tool-error' ? [String(error)] : [],
    );
}

describe.each(versions)('MCP tools of a server in another process with $name', (sdk) => {
  it('run, fail and are denied, and drift stops them', async () => {
    const guard = createGuard({ policy: toolPolicy({ deny: ['local'] }) });
    const client = guardMcpClient(
      await createMCPClient({ transport: new StdioMCPTransport(server) }),
      guard,
      { source: 'files' },
    );
    try {
      const tools = (await client.tools()) as ToolSet;
      expect(await converse(sdk, tools, ['read', 'wipe'])).toEqual([
        { content: [{ type: 'text', text: '/a is empty' }], isError: false },
        { content: [{ type: 'text', text: 'read-only file system' }], isError: true },
      ]);
      const outcomes = await guard.audit?.query({ action: 'tool.outcome' });
      expect(outcomes?.map(({ tool, status }) => [tool, status])).toEqual([
        ['read', 'ok'],
        ['wipe', 'error'],
      ]);
      const later = withGuard((await client.tools()) as ToolSet, guard);
      expect(await converse(sdk, later, ['read'])).toEqual([
        expect.stringContaining('changed its description'),
      ]);
    } finally {
      await client.close();
    }
  });
});

describe("the protocol's own client", () => {
  it('passes its calls through the guard', async () => {
    const guard = createGuard({ policy: toolPolicy({ deny: ['wipe'] }), timeoutMs: 60_000 });
    const client = guardMcpClient(new Client({ name: 'test', version: '1.0.0' }), guard, {
      source: 'files',
    });
    await client.connect(new StdioClientTransport(server));
    try {
      expect((await client.listTools()).tools).toHaveLength(2);
      const called = await client.callTool({ name: 'read', arguments: { path: '/a' } });
      expect(called.content).toEqual([{ type: 'text', text: '/a is empty' }]);
      await expect(client.callTool({ name: 'wipe' })).rejects.toMatchObject({ code: 'denied' });
      await client.listTools();
      await expect(client.callTool({ name: 'read' })).rejects.toThrow('changed its description');
    } finally {
      await client.close();
    }
  });
});

describe('a client that shows no definitions', () => {
  it('loses the tools that are denied, and keeps the others', async () => {
    const guard = createGuard({ policy: toolPolicy({ deny: [] }) });
    const plain = await createMCPClient({ transport: new StdioMCPTransport(server) });
    const old = { tools: async () => plain.tools(), close: async () => plain.close() };
    const client = guardMcpClient(old, guard, { source: 'files' });
    try {
      const tools = (await client.tools()) as ToolSet;
      const [sdk] = versions;
      expect(await converse(sdk as Sdk, tools, ['read'])).toHaveLength(1);
      expect(Object.keys(await client.tools())).toEqual([]);
    } finally {
      await client.close();
    }
  });
});
