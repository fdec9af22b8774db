import { type ApprovalRequest, createGuard, standardPolicy } from '@guardstile/core';
import { guardTool } from '@guardstile/langchain';
import type { Runnable } from '@langchain/core/runnables';
import { describe, expect, it } from 'vitest';
import { mcpTool } from './mcp-tool.ts';
import type { AnyTool } from './tool-kinds.ts';

const call = () => ({
  type: 'tool_call' as const,
  id: 'call-1',
  name: 'weather',
  args: { city: 'Bern' },
});

async function server(options: object = {}) {
  const received: unknown[] = [];
  const tool = await mcpTool((given) => {
    received.push(given);
    return 'sunny';
  }, options);
  return { received, tool };
}

async function invoked(tool: AnyTool): Promise<unknown> {
  const result: unknown = await (tool as Runnable).invoke(call()); // which every tool is
  return result;
}

describe('tools of an MCP server', () => {
  it('answer with content and artifact, and never reach the server when denied', async () => {
    const { tool, received } = await server();
    const allowing = createGuard({ policy: () => 'allow' });
    const plain = await invoked(tool);
    expect(await invoked(guardTool(tool, allowing))).toEqual(plain);
    expect(received).toHaveLength(2);
    const denying = createGuard({ policy: () => 'deny' });
    expect(await invoked(guardTool(tool, denying))).toMatchObject({
      status: 'error',
      tool_call_id: 'call-1',
    });
    expect(received).toHaveLength(2);
  });

  it('give hints that count only if their source is trusted', async () => {
    const { tool } = await server();
    for (const [trusted, status] of [
      [false, 'error'],
      [true, 'success'],
    ] as const) {
      const guard = createGuard({ policy: standardPolicy() });
      const guarded = guardTool(tool, guard, { source: 'mcp:weather', trusted });
      expect(await invoked(guarded)).toMatchObject({ status });
      const entries = await guard.audit?.query({ tool: 'weather' });
      for (const { source } of entries ?? []) expect(source).toBe('mcp:weather');
    }
  });

  it('are decided on and shown with arguments that no hook of the client can change afterwards', async () => {
    const { tool, received } = await server({
      beforeToolCall: ({ args }: { args: { city: string } }) => {
        args.city = 'changed in place';
        return { args: { city: 'changed by the hook' } };
      },
    });
    const shown: ApprovalRequest[] = [];
    const decided: unknown[] = [];
    const guard = createGuard({
      policy: ({ args }) => {
        decided.push(args);
        return 'ask';
      },
      approver: (request) => {
        shown.push(request);
        return 'approve';
      },
    });
    const given = call();
    await (guardTool(tool, guard) as Runnable).invoke(given);
    expect(given.args).toEqual({ city: 'Bern' });
    for (const args of [...decided, ...shown.map((request) => request.args)]) {
      expect(args).toEqual({ city: 'Bern' });
    }
    for (const { args, kind } of (await guard.audit?.query({ tool: 'weather' })) ?? []) {
      if (kind === 'decision') expect(args).toEqual({ city: 'Bern' });
    }
    // What the hook makes of them is between the client and its server: the README says so.
    expect(received).toEqual([{ city: 'changed by the hook' }]);
  });

  it('can be rewritten by the guard, and are checked against the schema of the server then', async () => {
    const { tool, received } = await server();
    for (const city of ['Basel', 7]) {
      const guard = createGuard({
        policy: () => 'allow',
        hooks: { rewrite: () => ({ args: { city } }) },
      });
      await invoked(guardTool(tool, guard));
    }
    expect(received).toEqual([{ city: 'Basel' }]);
  });
});
