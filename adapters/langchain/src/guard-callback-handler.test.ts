import { type AuditEntry, createGuard, type Guard } from '@guardstile/core';
import { Document } from '@langchain/core/documents';
import { AIMessage } from '@langchain/core/messages';
import { BaseRetriever } from '@langchain/core/retrievers';
import { StructuredTool, tool } from '@langchain/core/tools';
import { createAgent } from 'langchain';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { ScriptedModel } from '../../../test/conformance/langchain/scripted-model.ts';
import { GuardCallbackHandler, type HandlerEvent } from './guard-callback-handler.ts';
import { guardTool, type ToolLike } from './guard-tool.ts';

const fields = { name: 'weather', description: '', schema: z.object({ city: z.string() }) };
const BERN = { city: 'Bern' };
const allowing = () => createGuard({ policy: () => 'allow' });

function counted(name = 'weather') {
  const runs: unknown[] = [];
  return { runs, tool: tool((args) => String(runs.push(args)), { ...fields, name }) };
}

async function entriesOf(guard: Guard): Promise<readonly AuditEntry[]> {
  await guard.close();
  const entries = (await guard.audit?.query()) ?? [];
  return entries.filter(({ kind }) => kind !== 'genesis');
}

async function actionsOf(guard: Guard): Promise<readonly string[]> {
  return (await entriesOf(guard)).map(({ action }) => action);
}

class Notes extends BaseRetriever {
  readonly lc_namespace = ['test'];

  override async _getRelevantDocuments(query: string): Promise<Document[]> {
    if (query === '') throw new Error('ask for something');
    return [new Document({ pageContent: query })];
  }
}

class OwnInvoke extends StructuredTool {
  readonly name = fields.name;
  readonly description = '';
  readonly schema = fields.schema;

  override async invoke(input: never, config?: object): Promise<never> {
    return super.invoke(input, config) as Promise<never>; // the types depend on the arguments
  }

  protected async _call(): Promise<string> {
    return 'ran';
  }
}

describe('GuardCallbackHandler', () => {
  it('writes down what no guard stands before, with redacted arguments', async () => {
    const guard = allowing();
    const secret = `sk-${'a1b2c3d4'.repeat(4)}`;
    const { tool: weather } = counted();
    await weather.invoke(
      { type: 'tool_call', id: 'call-1', name: 'weather', args: { city: secret } },
      { callbacks: [new GuardCallbackHandler(guard)], metadata: { thread_id: 'chat-1' } },
    );
    const entries = await entriesOf(guard);
    expect(entries).toMatchObject([
      { action: 'tool.unguarded', tool: 'weather', call: 'call-1', session: 'chat-1' },
      { action: 'tool.unguarded.end', tool: 'weather', status: 'ok', call: 'call-1' },
    ]);
    expect(JSON.stringify(entries)).not.toContain(secret);
  });

  it('writes down no secret that the guard handed out, and tells listeners of the guard', async () => {
    const secrets = { name: 'test', get: () => 'hunter22hunter22' };
    const guard = createGuard({ policy: () => 'allow', secrets });
    await guardTool(counted('pay').tool, guard, { secrets: ['KEY'] }).invoke(BERN);
    const heard: string[] = [];
    guard.on('audit', ({ action, user }) => heard.push(`${action} ${user}`));
    const handler = new GuardCallbackHandler(guard, {
      context: () => ({ principal: { id: 'ada' } }),
    });
    await counted().tool.invoke({ city: 'hunter22hunter22' }, { callbacks: [handler] });
    expect(heard).toEqual(['tool.unguarded ada', 'tool.unguarded.end ada']);
    expect(JSON.stringify(await entriesOf(guard))).not.toContain('hunter22');
  });

  it('says nothing of what its guard has written down already', async () => {
    const guard = allowing();
    const config = { callbacks: [new GuardCallbackHandler(guard)] };
    const guarded = guardTool(counted().tool, guard);
    const copy = Object.assign(
      Object.create(Object.getPrototypeOf(guarded) as object),
      guarded,
    ) as typeof guarded;
    await guarded.invoke(BERN, config);
    await copy.invoke(BERN, config);
    await guarded.withConfig({ tags: ['x'] }).invoke(BERN, config);
    await (guardTool(new OwnInvoke() as ToolLike, guard) as OwnInvoke).invoke(
      BERN as never,
      config,
    );
    const actions = await actionsOf(guard);
    expect(actions.filter((action) => action !== 'tool.outcome')).toEqual(
      Array.from({ length: 4 }, () => 'tool.allow'),
    );
  });

  it('takes a tool behind another guard for one that runs past its own', async () => {
    const guard = allowing();
    const others = guardTool(counted().tool, allowing());
    await others.invoke(BERN, { callbacks: [new GuardCallbackHandler(guard)] });
    expect(await actionsOf(guard)).toEqual(['tool.unguarded', 'tool.unguarded.end']);
  });

  it('is not deceived by a copied form of a guarded tool', async () => {
    const guard = allowing();
    const guarded = guardTool(counted().tool, guard);
    const json = guarded.toJSON();
    const forged = Object.assign(counted('weather').tool, {
      tags: guarded.tags,
      metadata: guarded.metadata,
      toJSON: () => ({ ...json }),
    });
    await forged.invoke(BERN, { callbacks: [new GuardCallbackHandler(guard)] });
    expect(await actionsOf(guard)).toEqual(['tool.unguarded', 'tool.unguarded.end']);
  });

  it('can stop a tool that runs past the guard, on its own and in an agent', async () => {
    const guard = allowing();
    const { tool: weather, runs } = counted();
    const guarded = counted('forecast');
    const callbacks = [new GuardCallbackHandler(guard, { onUnguarded: 'fail' })];
    const told = vi.spyOn(console, 'error').mockReturnValue();
    await expect(weather.invoke(BERN, { callbacks })).rejects.toMatchObject({
      name: 'GuardError',
      code: 'tool_invalid',
      tool: 'weather',
    });
    const model = new ScriptedModel([
      [
        { id: 'a', tool: 'weather', args: BERN },
        { id: 'b', tool: 'forecast', args: BERN },
      ],
    ]);
    const agent = createAgent({ model, tools: [weather, guardTool(guarded.tool, guard)] });
    await agent.invoke({ messages: [{ role: 'user', content: 'go on' }] }, { callbacks });
    expect(runs).toEqual([]);
    expect(guarded.runs).toHaveLength(1);
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('writes down retrievers and models, with the runs in which they were started', async () => {
    const guard = allowing();
    const events: HandlerEvent[] = [];
    const callbacks = [new GuardCallbackHandler(guard, { onEvent: (event) => events.push(event) })];
    const notes = new Notes();
    await notes.invoke('weather', { callbacks });
    await expect(notes.invoke('', { callbacks })).rejects.toThrow('ask for something');
    const search = tool(
      async (_, config: object) => String((await notes.invoke('city', config)).length),
      fields,
    );
    await new ScriptedModel([]).invoke('hello', { callbacks });
    await search.invoke(BERN, { callbacks });
    const entries = await entriesOf(guard);
    expect(entries.map(({ action, status }) => [action, status])).toEqual([
      ['retriever.start', undefined],
      ['retriever.end', 'ok'],
      ['retriever.start', undefined],
      ['retriever.end', 'error'],
      ['model.start', undefined],
      ['model.end', 'ok'],
      ['tool.unguarded', undefined],
      ['retriever.start', undefined],
      ['retriever.end', 'ok'],
      ['tool.unguarded.end', 'ok'],
    ]);
    expect(entries[3]?.error).toBe('ask for something');
    expect(events.map(({ type }) => type)).toEqual([
      'retriever.start',
      'retriever.end',
      'retriever.start',
      'retriever.error',
      'model.start',
      'model.end',
      'tool.start',
      'retriever.start',
      'retriever.end',
      'tool.end',
    ]);
    expect(events[7]?.run.parentRun).toBe(events[6]?.run.run);
  });

  it('writes down what the provider of a model has run', async () => {
    const guard = allowing();
    const handler = new GuardCallbackHandler(guard);
    const message = new AIMessage({
      content: [
        { type: 'server_tool_use', id: 'srv-1', name: 'web_search', input: { query: 'Bern' } },
        { type: 'text', text: 'sunny' },
      ],
      response_metadata: { model_provider: 'anthropic' },
    });
    await handler.handleChatModelStart(undefined, [[]], 'run-1');
    await handler.handleLLMEnd({ generations: [[{ text: 'sunny', message }]] }, 'run-1');
    expect(await entriesOf(guard)).toMatchObject([
      { action: 'model.start' },
      { action: 'model.end' },
      {
        action: 'provider.call',
        actor: 'provider',
        tool: 'web_search',
        call: 'srv-1',
        args: { query: 'Bern' },
      },
    ]);
  });

  it('knows whom a run is for: from the guard, from the metadata, from the application', async () => {
    const guard = allowing();
    const handler = new GuardCallbackHandler(guard.with({ agent: 'bound' }), {
      context: ({ metadata }) => ({
        principal: { id: String(metadata?.['user']), tenant: 'acme' },
      }),
    });
    await counted().tool.invoke(BERN, {
      callbacks: [handler],
      metadata: { user: 'ada', thread_id: 'chat-1', lc_agent_name: 'planner' },
    });
    for (const entry of await entriesOf(guard)) {
      expect(entry).toMatchObject({
        user: 'ada',
        tenant: 'acme',
        session: 'chat-1',
        agent: 'bound',
      });
    }
  });

  it('writes down what it does not know the principal of', async () => {
    const guard = allowing();
    const context = () => {
      throw new Error('no such session');
    };
    const handler = new GuardCallbackHandler(guard, { context });
    await counted().tool.invoke(BERN, { callbacks: [handler] });
    expect(await actionsOf(guard)).toEqual(['tool.unguarded', 'tool.unguarded.end']);
  });

  it('lets a listener that throws or rejects reach nothing', async () => {
    const guard = allowing();
    const { tool: weather, runs } = counted();
    for (const onEvent of [
      () => {
        throw new Error('the dashboard is gone');
      },
      async () => Promise.reject(new Error('the dashboard is gone')),
    ]) {
      const options = { onEvent, onUnguarded: 'report' } as const;
      await weather.invoke(BERN, { callbacks: [new GuardCallbackHandler(guard, options)] });
    }
    expect(runs).toHaveLength(2);
    expect(await actionsOf(guard)).toHaveLength(4);
  });

  it('needs a guard, and options that it knows', () => {
    expect(() => new GuardCallbackHandler({} as never)).toThrow(/createGuard/);
    const options = { onUnguarded: 'refuse' as never };
    expect(() => new GuardCallbackHandler(allowing(), options)).toThrow(/'report' or 'fail'/);
    const misspelt = { onUnguared: 'fail' } as never;
    expect(() => new GuardCallbackHandler(allowing(), misspelt)).toThrow(/is not an option/);
  });
});
