import { allowAll, type AuditLog, createGuard, memoryAudit } from '@guardstile/core';
import { tool } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type CoverageReport, withGuard } from './index.ts';

const inputSchema = z.object({ city: z.string() });
const weather = tool({ inputSchema, execute: async () => 'sunny' });
const askUser = tool({ inputSchema });
const webSearch = {
  type: 'provider',
  isProviderExecuted: true,
  id: 'openai.web_search',
  args: {},
  inputSchema,
} as const;

const found = async (audit: AuditLog | undefined) =>
  (await audit?.query({ action: 'tool.unguarded' }))?.map((entry) => entry.tool);

describe('tools that no guard can stand before', () => {
  it('are told of in the log, once however often they are wrapped', async () => {
    const guard = createGuard({ policy: allowAll() });
    for (const session of ['a', 'b']) {
      withGuard({ weather, webSearch, askUser }, guard.with({ session }));
    }
    expect(await found(guard.audit)).toEqual(['webSearch', 'askUser']);
    const [entry] = (await guard.audit?.query({ action: 'tool.unguarded' })) ?? [];
    expect(entry).toMatchObject({
      kind: 'application',
      actor: 'guard',
      reason: expect.stringContaining('provider-executed') as string,
    });
  });

  it('are no reason to write anything where there are none', async () => {
    const guard = createGuard({ policy: allowAll() });
    withGuard({ weather }, guard, { onUnguarded: 'refuse' });
    expect(await found(guard.audit)).toEqual([]);
  });

  it('are refused when asked for, all of them with what to do', () => {
    const guard = createGuard({ policy: allowAll() });
    const wrap = () => withGuard({ weather, webSearch, askUser }, guard, { onUnguarded: 'refuse' });
    expect(wrap).toThrow(expect.objectContaining({ code: 'tool_invalid' }));
    expect(wrap).toThrow(/webSearch \(provider-executed: .*askUser \(client-side: /);
  });

  it('can be accepted by name, those and no others', async () => {
    const guard = createGuard({ policy: allowAll() });
    const accepting = (...acceptUnguarded: string[]) =>
      withGuard({ webSearch, askUser }, guard, { onUnguarded: 'refuse', acceptUnguarded });
    expect(() => accepting('askUser')).toThrow(
      /: no guard can stand before webSearch \([^;]+; leave/,
    );
    expect(() => accepting('askUser', 'webSearch')).not.toThrow();
    withGuard({ webSearch, askUser }, guard, { acceptUnguarded: ['askUser'] });
    expect(await found(guard.audit)).toEqual(['webSearch']);
  });

  it('can be given to a function, with the whole report', () => {
    const reports: CoverageReport[] = [];
    withGuard({ weather, askUser }, allowAll(), { onUnguarded: (report) => reports.push(report) });
    expect(reports.map(({ tools }) => tools.map(({ coverage }) => coverage))).toEqual([
      ['guarded', 'client-side'],
    ]);
  });

  it('are no reason to fail where the log fails or is switched off', async () => {
    const log = memoryAudit();
    const sync: AuditLog = {
      ...log,
      append() {
        throw new Error('full');
      },
    };
    const later: AuditLog = { ...log, append: async () => Promise.reject(new Error('full')) };
    for (const audit of [sync, later, false] as const) {
      expect(() =>
        withGuard({ askUser }, createGuard({ policy: allowAll(), audit })),
      ).not.toThrow();
    }
  });

  it.each(['reject', true, null])(
    'are not ignored because of an unknown word: %s',
    (onUnguarded) => {
      expect(() =>
        withGuard({ weather }, allowAll(), { onUnguarded: onUnguarded as never }),
      ).toThrow(expect.objectContaining({ code: 'options_invalid' }));
    },
  );

  it('are found in a set with hostile names', async () => {
    const guard = createGuard({ policy: allowAll() });
    const tools = JSON.parse(
      '{"__proto__":{"inputSchema":{}},"constructor":{"inputSchema":{}}}',
    ) as Record<string, object>;
    withGuard(tools, guard);
    expect(await found(guard.audit)).toEqual(['__proto__', 'constructor']);
  });
});
