import { createGuard, type Fact, layers } from '@guardstile/core';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../document.ts';
import { compilePolicy } from '../rule-policy.ts';
import { capabilities } from './capabilities.ts';
import type { CapabilitiesDocument } from './document.ts';

async function effect(
  document: CapabilitiesDocument,
  tool: string,
  args: unknown = {},
  facts?: Fact | readonly Fact[],
): Promise<string> {
  const guard = createGuard({ policy: capabilities(document) });
  const decision = await guard.decide({ tool, args, ...(facts === undefined ? {} : { facts }) });
  return decision.effect;
}

describe('capabilities', () => {
  it.each([
    ['read_file', 'allow', 'allow', 'allow'],
    ['queryOrders', 'allow', 'allow', 'allow'],
    ['write_file', 'deny', 'allow', 'allow'],
    ['save', 'deny', 'allow', 'allow'],
    ['fetchPage', 'deny', 'allow', 'allow'],
    ['web-search', 'deny', 'allow', 'allow'],
    ['execute', 'deny', 'deny', 'allow'],
    ['runTests', 'deny', 'deny', 'allow'],
    ['insert_row', 'deny', 'deny', 'allow'],
    ['delete_row', 'deny', 'deny', 'allow'],
    ['send_email', 'deny', 'deny', 'allow'],
    ['frobnicate', 'deny', 'deny', 'deny'],
  ] as const)(
    '%s is %s by read-only, %s by standard, %s by full',
    async (tool, readOnly, standard, full) => {
      expect(await effect({ grant: 'read-only' }, tool)).toBe(readOnly);
      expect(await effect({ grant: 'standard' }, tool)).toBe(standard);
      expect(await effect({ grant: 'full' }, tool)).toBe(full);
    },
  );

  it('are taken from whole words of a name, which only add risk', async () => {
    expect(await effect({ grant: 'read-only' }, 'spread_sheet')).toBe('deny');
    expect(await effect({ grant: 'read-only' }, 'read_and_execute')).toBe('deny');
    expect(await effect({ grant: 'read-only' }, 'read_file', {}, ['readFile', 'executeCode'])).toBe(
      'deny',
    );
    expect(await effect({ grant: 'read-only' }, 'run_report', {}, 'readFile')).toBe('deny');
    expect(await effect({ grant: 'read-only' }, 'report', {}, 'readFile')).toBe('allow');
  });

  it('do not cover what else a tool is known to do', async () => {
    expect(await effect({ grant: 'full' }, 'refund')).toBe('deny');
    expect(await effect({ grant: 'full' }, 'read_and_purge')).toBe('deny');
    expect(await effect({ grant: 'read-only' }, 'read_file', {}, ['readFile', 'edit'])).toBe(
      'deny',
    );
    expect(await effect({ grant: 'full' }, 'wipe_database', {}, 'databaseWrite')).toBe('allow');
  });

  it('are not taken from the name of a tool of another source', async () => {
    const guard = createGuard({ policy: capabilities({ grant: 'full' }) });
    const remote = { tool: 'read_file', args: {}, source: 'mcp' };
    expect((await guard.decide(remote)).effect).toBe('deny');
    expect((await guard.decide({ ...remote, facts: 'readFile' })).effect).toBe('allow');
  });

  it('[] grants nothing', async () => {
    expect(await effect({ grant: [] }, 'read_file')).toBe('deny');
  });

  it('keep file tools within the allowed paths, and deny a call whose path is not found', async () => {
    const faq = { grant: 'standard', paths: ['/data/faq', '/data/products'] } as const;
    const read = async (args: unknown): Promise<string> => effect(faq, 'read_file', args);
    expect(await read({ path: '/data/faq/guide.md' })).toBe('allow');
    expect(await read({ filePath: '/data/products/x' })).toBe('allow');
    expect(await read({ files: ['/data/faq/a', '/data/faq/b'] })).toBe('allow');
    expect(await read({ path: '/data/faq/../secret' })).toBe('deny');
    expect(await read({ path: '/data/faqs' })).toBe('deny');
    expect(await read({ files: ['/data/faq/a', '/etc/passwd'] })).toBe('deny');
    expect(await read({ path: '/data/faq/a', input: '/etc/passwd' })).toBe('deny');
    expect(await read({ path: '/data/faq/a', options: { file: '/etc/passwd' } })).toBe('deny');
    expect(await read({ path: 5 })).toBe('deny');
    expect(await read({ q: 'guide' })).toBe('deny');
    expect(await read({})).toBe('deny');
    expect(await read({ path: 'guide.md' })).toBe('deny');
    expect(await effect({ grant: 'standard', paths: [] }, 'read_file', { path: '/data/x' })).toBe(
      'deny',
    );
    expect(await effect({ grant: 'standard' }, 'read_file', { path: '/anywhere' })).toBe('allow');
    // Paths are no concern of tools that touch no files.
    expect(await effect(faq, 'query_orders', {})).toBe('allow');
  });

  it('keep network tools within the allowed domains, and deny a call whose URL is not found', async () => {
    const internal = { grant: 'standard', domains: ['api.internal.com', '*.docs.com'] } as const;
    const fetches = async (args: unknown): Promise<string> => effect(internal, 'fetch_page', args);
    expect(await fetches({ url: 'https://api.internal.com/v1' })).toBe('allow');
    expect(await fetches({ host: 'a.docs.com' })).toBe('allow');
    expect(await fetches({ target: 'https://api.internal.com' })).toBe('allow');
    expect(await fetches({ url: 'https://api.internal.com.evil.com' })).toBe('deny');
    expect(await fetches({ url: 'https://api.internal.com@evil.com' })).toBe('deny');
    expect(await fetches({ url: 'https://api.internal.com', callback: 'https://evil.com' })).toBe(
      'deny',
    );
    expect(await fetches({ q: 'x' })).toBe('deny');
    expect(
      await effect({ grant: 'standard', domains: [] }, 'fetch_page', { url: 'https://x.y' }),
    ).toBe('deny');
  });

  it('limit what is written to 10 MiB, or to what is said', async () => {
    const big = 'x'.repeat(1000);
    const small = { grant: 'standard', maxFileSize: 999 } as const;
    expect(await effect(small, 'write_file', { path: '/a', content: big })).toBe('deny');
    expect(
      await effect({ ...small, maxFileSize: 1000 }, 'write_file', { path: '/a', content: big }),
    ).toBe('allow');
    expect(
      await effect({ ...small, maxFileSize: 5 }, 'write_file', { content: '\u{1f600}\u00e4' }),
    ).toBe('deny');
    expect(
      await effect({ ...small, maxFileSize: 6 }, 'write_file', { content: '\u{1f600}\u00e4' }),
    ).toBe('allow');
    const bytes = { content: new Uint8Array(10 * 1024 * 1024 + 1) };
    const policy = capabilities({ grant: 'standard' });
    expect(policy.explain({ tool: 'write_file', args: bytes }).verdict).toBe('deny');
    const fewer = { content: new Uint8Array(10 * 1024 * 1024) };
    expect(policy.explain({ tool: 'write_file', args: fewer }).verdict).toBe('allow');
  });

  it('deny arguments that are too many to be looked through', () => {
    const policy = capabilities({ grant: 'standard', paths: ['/data'] });
    const many = { path: '/data/x', list: Array.from({ length: 20_000 }, () => 1) };
    expect(policy.explain({ tool: 'read_file', args: many })).toMatchObject({ verdict: 'deny' });
    const loop: Record<string, unknown> = { path: '/data/x' };
    loop['loop'] = loop;
    expect(policy.explain({ tool: 'read_file', args: loop })).toMatchObject({ verdict: 'deny' });
  });

  it('are a boundary beside rules, lists and a default: what is outside them, nothing allows', async () => {
    const policy = compilePolicy({
      capabilities: { grant: 'read-only' },
      rules: [
        { id: 'all', effect: 'allow', tool: '*' },
        { id: 'refunds', effect: 'allow', tool: 'refund' },
        { id: 'secrets', effect: 'deny', tool: 'read_*', where: { path: { path: '/secrets' } } },
      ],
    });
    const guard = createGuard({ policy });
    const of = async (tool: string, args: unknown = {}): Promise<string> =>
      (await guard.decide({ tool, args })).effect;
    expect(await of('refund')).toBe('deny');
    expect(await of('write_file')).toBe('deny');
    expect(await of('frobnicate')).toBe('deny');
    expect(await of('read_file', { path: '/data/x' })).toBe('allow');
    expect(await of('read_file', { path: '/secrets/x' })).toBe('deny');
  });

  it.each([
    { default: 'allow' },
    { default: 'ask' },
    { mode: 'bypassPermissions' },
    { rules: [{ id: 'all', effect: 'allow', tool: '*' }] },
    { allow: ['*'], default: 'allow' },
  ] as const satisfies readonly PolicyDocument[])(
    'mean beside %j what they mean alone',
    async (beside) => {
      for (const grant of [[], 'read-only', 'full'] as const) {
        const alone = createGuard({ policy: capabilities({ grant }) });
        const guard = createGuard({
          policy: compilePolicy({ ...beside, capabilities: { grant } }),
        });
        for (const tool of ['refund', 'frobnicate', 'purge', 'read_file', 'send_email']) {
          const call = { tool, args: {} };
          expect([tool, (await guard.decide(call)).effect]).toEqual([
            tool,
            (await alone.decide(call)).effect,
          ]);
        }
      }
    },
  );

  it('still let rules ask for approval within them', async () => {
    const policy = compilePolicy({
      capabilities: { grant: 'read-only' },
      rules: [{ id: 'asks', effect: 'ask', tool: '*' }],
    });
    const guard = createGuard({ policy });
    expect((await guard.decide({ tool: 'read_file', args: {} })).effect).toBe('ask');
    expect((await guard.decide({ tool: 'frobnicate', args: {} })).effect).toBe('deny');
  });

  it('deny the same in a layer that restricts', async () => {
    const policy = layers([
      {
        name: 'rules',
        grants: compilePolicy({
          rules: [{ id: 'a', effect: 'allow', tool: ['read_file', 'frob', 'report'] }],
        }),
      },
      {
        name: 'capabilities',
        restricts: compilePolicy({ layer: 'restricts', capabilities: { grant: 'read-only' } }),
      },
    ]);
    const guard = createGuard({ policy });
    const of = async (tool: string, facts: readonly Fact[] = []): Promise<string> =>
      (await guard.decide({ tool, args: {}, facts })).effect;
    expect(await of('read_file')).toBe('allow');
    expect(await of('frob')).toBe('deny');
    expect(await of('report')).toBe('deny');
    expect(await of('report', ['databaseRead'])).toBe('allow');
    expect(await of('query_all')).toBe('deny');
    expect(await of('execute')).toBe('deny');
  });
});

describe('checkCapability', () => {
  const { checkCapability } = capabilities({
    grant: ['readFile', 'databaseRead', 'network'],
    paths: ['/data/faq'],
    domains: ['api.internal.com'],
  });

  it.each([
    ['readFile', '/data/faq/guide.md', 'allow'],
    ['readFile', '/data/faq/../x', 'deny'],
    ['readFile', undefined, 'deny'],
    ['network', 'https://api.internal.com/x', 'allow'],
    ['network', 'https://evil.com/api.internal.com', 'deny'],
    ['databaseRead', undefined, 'allow'],
    ['writeFile', '/data/faq/x', 'deny'],
    ['executeCode', undefined, 'deny'],
    ['unknown', undefined, 'deny'],
    ['toString', undefined, 'deny'],
    ['', undefined, 'deny'],
  ] as const)('%s on %s: %s', (name, resource, expected) => {
    expect(checkCapability(name, resource)).toMatchObject({ effect: expected });
  });

  it('answers for any policy of rules, which grants nothing without capabilities', () => {
    const some = compilePolicy({ default: 'allow', capabilities: { grant: 'read-only' } });
    expect(some.checkCapability('readFile').effect).toBe('allow');
    expect(some.checkCapability('network').effect).toBe('deny');
    const none = compilePolicy({ default: 'allow' });
    expect(none.checkCapability('readFile')).toMatchObject({
      effect: 'deny',
      reason: 'the policy has no capabilities',
    });
  });
});
