import { allowAll, createGuard, layers, type PathLabels } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { createDataFlow } from './data-flow.ts';
import { flowPolicy } from './flow-policy.ts';

const LONG = 'correct-horse-battery-staple';
const SHORT = 'Tr0ub4dor&3x';

/** A session that has read a result under these labels: what becomes of a mail that says this? */
async function mail(args: object, result: unknown, labels: PathLabels): Promise<string> {
  const restricts = flowPolicy({
    tools: { vault: { labels }, send: { sinks: ['egress'] } },
    rules: [{ id: 'out', from: 'secret', to: 'egress' }],
  });
  const guard = createGuard({
    policy: layers([
      { name: 'app', grants: allowAll() },
      { name: 'flow', restricts },
    ]),
    dataFlow: createDataFlow(),
    audit: false,
    context: { principal: { id: 'alice' }, session: 's1' },
  });
  await guard.call({ tool: 'vault', args: {}, facts: 'readOnly' }, async () => result);
  return guard
    .call({ tool: 'send', args, facts: 'network' }, async () => 'sent')
    .catch((error: Error) => error.message);
}

const leaked = (args: object, secret: string): Promise<string> =>
  mail(args, { password: secret }, { password: 'secret' });

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const hex = (text: string): string => Buffer.from(text).toString('hex');
const between = (mark: string) => (text: string) => Array.from(text).join(mark);

describe.each([LONG, SHORT])('a secret such as %s', (secret) => {
  it.each([
    ['base64 in the path of a link', (s: string) => `https://evil.example/c/${base64(s)}`],
    ['base64 between folders', (s: string) => `https://evil.example/ab/${base64(s)}/x.png`],
    ['base64 in the name of a file', (s: string) => `id_${base64(s)}.txt`],
    ['base64 after a letter', (s: string) => `x${base64(s)}`],
    ['base64 after two letters', (s: string) => `xy${base64(s)}`],
    ['base64 after three letters', (s: string) => `xyz${base64(s)}`],
    ['base64 with bytes before it', (s: string) => base64(`\0user\0${s}`)],
    ['base64 of wide characters', (s: string) => Buffer.from(s, 'utf16le').toString('base64')],
    ['base64 of base64', (s: string) => `a/${base64(base64(s))}`],
    ['hexadecimal digits in a host', (s: string) => `https://${hex(s)}.evil.example/`],
    ['hexadecimal digits after a dash', (s: string) => `x-${hex(s)}`],
    ['hexadecimal digits after a digit', (s: string) => `f${hex(s)}`],
    ['capital digits in a path', (s: string) => `https://evil.example/c/${hex(s).toUpperCase()}`],
    [
      'tags that nobody sees',
      (s: string) => s.replace(/./g, (c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))),
    ],
    ['joiners', between('\u034f')],
    ['variation selectors', between('\ufe0f')],
    ['other variation selectors', between('\u{e0101}')],
    ['vowel separators', between('\u180e')],
    ['fillers', between('\u3164')],
    ['letter marks', between('\u061c')],
  ])('does not leave written with %s', async (_, write) => {
    expect(await leaked({ to: write(secret) }, secret)).toContain('hold a secret');
  });

  it.each([
    ['a URL', (s: string) => new URL(`https://evil.example/${s}`)],
    ['bytes', (s: string) => new TextEncoder().encode(s)],
    ['a buffer', (s: string) => new TextEncoder().encode(s).buffer],
    ['a map', (s: string) => new Map([['a', s]])],
    ['a key of a map', (s: string) => new Map([[s, 'a']])],
    ['a set', (s: string) => new Set([s])],
  ])('does not leave in %s', async (_, write) => {
    expect(await leaked({ to: write(secret) }, secret)).toContain('hold a secret');
  });
});

describe('what may hold a secret', () => {
  it('is an argument that nobody can read', async () => {
    const bytes = Uint8Array.of(255, 254, 0, 1);
    expect(await leaked({ to: bytes }, LONG)).toContain('hold a secret');
    expect(await mail({ to: bytes }, { name: 'x' }, { password: 'secret' })).toBe('sent');
  });

  it('is no link, picture, identifier or sentence that only looks encoded', async () => {
    const picture = Buffer.from(Uint8Array.from({ length: 30_000 }, (_, i) => (i * i * 31) >> 3));
    const args = {
      link: 'https://example.com/articles/2026/How_to_write-better_TypeScript/index.html',
      picture: picture.toString('base64'),
      id: 'deadbeef-0123-4567-89ab-cdef01234567',
      text: 'Antidisestablishmentarianism I ❤️ this 葛\u{e0100}飾 team 1️⃣',
    };
    for (const secret of [LONG, SHORT, 'hunter2']) expect(await leaked(args, secret)).toBe('sent');
  });
});

const hidden = new (class {
  readonly #own = LONG;
  get password(): string {
    return this.#own;
  }
})();

describe('a result that is secret', () => {
  const all: PathLabels = { '': 'secret' };

  it.each([
    ['bytes that are a text', Buffer.from(LONG)],
    ['a buffer', new TextEncoder().encode(LONG).buffer],
    ['an error', { error: new Error(LONG) }],
    ['a text as an object', { text: Object(LONG) as unknown }],
  ])('is read: %s', async (_, result) => {
    expect(await mail({ to: LONG }, result, all)).toContain('hold a secret');
    expect(await mail({ to: 'hello' }, result, all)).toBe('sent');
  });

  it.each([
    ['other bytes', Buffer.concat([Buffer.from([0, 255]), Buffer.from(LONG)])],
    ['numbers in memory', Uint16Array.from(LONG, (c) => c.charCodeAt(0))],
    ['a response', new Response(LONG)],
    ['headers', new Headers({ a: LONG })],
    ['search parameters', new URLSearchParams({ a: LONG })],
    ['what only answers when it is asked', hidden],
  ])('lets nothing leave where it cannot be read: %s', async (_, result) => {
    expect(await mail({ to: LONG }, { result }, all)).toContain('denied');
  });

  it('is no reason to let nothing leave where an error holds such things', async () => {
    const error = Object.assign(new Error('not found'), { response: new Response('') });
    expect(await mail({ to: 'hello' }, { error }, all)).toBe('sent');
  });

  it('is found in what an error leaves out when it is written', async () => {
    const error = Object.assign(new Error('failed'), { data: LONG, toJSON: () => ({}) });
    expect(await mail({ to: LONG }, { error }, all)).toContain('hold a secret');
  });

  it('is followed no further where errors cause each other', async () => {
    const error = new Error('first');
    error.cause = new Error(LONG, { cause: error });
    expect(await mail({ to: LONG }, { error }, all)).toContain('hold a secret');
    expect(await mail({ to: 'hello' }, { error }, all)).toBe('sent');
  });
});

const mcp = (value: unknown): object => ({
  content: [{ type: 'text', text: JSON.stringify(value) }],
});

describe('a label of a secret', () => {
  it.each<[string, string, unknown]>([
    ['one object for a list', '[].password', { password: LONG }],
    ['a list for one object', 'password', [{ password: LONG }]],
    ['a list in a list', '[].password', [[{ password: LONG }]]],
    ['a list in an object', '[].password', { data: [{ password: LONG }] }],
    ['an object in an object', 'user.password', { data: { user: { password: LONG } } }],
    ['fields of fields', '*.password', { ok: 'yes', data: [{ password: LONG }] }],
    ['a text for an object', 'user.password', { user: `password: ${LONG}` }],
    ['JSON in JSON', 'data.password', { data: JSON.stringify({ password: LONG }) }],
    ['JSON text of a text', 'password', JSON.stringify(LONG)],
    ['texts for objects', '[].password', [LONG]],
    ['MCP with a list', '[].password', mcp([{ password: LONG }])],
    ['MCP with an object', 'password', mcp({ password: LONG })],
    ['MCP with another shape', '[].password', mcp({ data: { password: LONG } })],
    ['MCP with what is anywhere', '**.password', mcp({ data: [{ password: LONG }] })],
    ['MCP with prose', '**.password', { content: [{ type: 'text', text: `It is ${LONG}` }] }],
    [
      'MCP with structured content',
      'password',
      { content: [{ type: 'text', text: '{}' }], structuredContent: { password: LONG } },
    ],
  ])('holds for all of a result of another shape: %s', async (_, path, result) => {
    expect(await mail({ to: LONG }, result, { [path]: 'secret' })).toContain('hold a secret');
  });

  it.each<[string, string, unknown]>([
    ['a list without the field', '[].password', [{ note: LONG }, { note: 'b' }]],
    ['a list where only some have it', '[].card.number', [{ note: LONG }, { card: { number: 1 } }]],
    ['an object without the field', 'user.password', { note: LONG, user: { name: 'x' } }],
    ['no object', 'user.password', { note: LONG, user: null }],
    ['an empty list', '[].password', []],
    ['an empty object', 'user.password', {}],
    ['nothing', '[].password', undefined],
    ['a field nowhere', '**.password', { note: LONG }],
    ['MCP without the field', 'password', mcp({ note: LONG })],
    ['fields of fields without it', '*.password', { a: { note: LONG }, b: {} }],
  ])('holds for nothing else where its field is just not there: %s', async (_, path, result) => {
    expect(await mail({ to: LONG }, result, { [path]: 'secret' })).toBe('sent');
  });

  it('says what is secret in an MCP result, not that all of it is', async () => {
    const result = mcp([{ password: LONG, note: 'what anybody may know of it' }]);
    const labels: PathLabels = { '[].password': 'secret' };
    expect(await mail({ to: 'what anybody may know of it' }, result, labels)).toBe('sent');
  });

  it('makes nothing in the texts of an MCP result trusted', async () => {
    const dataFlow = createDataFlow();
    const labels: PathLabels = { '**.to': 'trusted', '**.password': 'secret' };
    const guard = createGuard({
      policy: layers([
        { name: 'app', grants: allowAll() },
        {
          name: 'flow',
          restricts: flowPolicy({
            tools: {
              list: { labels },
              pay: { args: { to: { from: ['trusted'], else: 'deny' } } },
            },
          }),
        },
      ]),
      dataFlow,
      audit: false,
      context: { principal: { id: 'alice' }, session: 's1' },
    });
    await guard.call({ tool: 'list', args: {}, facts: 'readOnly' }, async () =>
      mcp({ to: 'US133000000121212121212' }),
    );
    const args = { to: 'US133000000121212121212' };
    await expect(
      guard.call({ tool: 'pay', args, facts: 'money' }, async () => 'paid'),
    ).rejects.toThrow('untrusted content');
  });

  it.each<[PathLabels, unknown]>([
    [{ 'user.name': 'trusted', '*.password': 'secret' }, { user: { name: 'A', password: LONG } }],
    [{ 'user.name': 'trusted', '*': 'secret' }, { user: { name: 'A', note: LONG } }],
    [{ 'a.b.c': 'trusted', '*.*.key': 'secret' }, { a: { b: { c: 'x', key: LONG } } }],
    [{ 'a.*.c': 'trusted', '*.b.key': 'secret' }, { a: { b: { c: 'x', key: LONG } } }],
    [{ '[].name': 'trusted', '*.*': 'secret' }, [{ name: 'x', key: LONG }]],
    [
      { '*': 'trusted', 'user.name': 'trusted', '**.user': 'secret' },
      { user: { name: 'A', note: LONG } },
    ],
  ])('counts for every field, also beside one that others name: %j', async (labels, result) => {
    expect(await mail({ to: LONG }, result, labels)).toContain('hold a secret');
  });

  it('gives way to a path that is written out', async () => {
    const labels: PathLabels = { 'user.name': 'trusted', '*.*': 'secret' };
    expect(await mail({ to: LONG }, { user: { name: LONG } }, labels)).toBe('sent');
  });
});

describe('an argument with a rule', () => {
  const EVIL = 'US133000000121212121212';
  const pay = async (to: unknown, prompt: string, part?: 'links'): Promise<string> => {
    const rule = {
      from: ['prompt'],
      else: 'deny',
      ...(part === undefined ? {} : { part }),
    } as const;
    const guard = createGuard({
      policy: layers([
        { name: 'app', grants: allowAll() },
        { name: 'flow', restricts: flowPolicy({ tools: { pay: { args: { to: rule } } } }) },
      ]),
      dataFlow: createDataFlow(),
      audit: false,
      context: { principal: { id: 'alice' }, session: 's1' },
    });
    await guard.heard([{ role: 'user', text: prompt }]);
    return guard
      .call({ tool: 'pay', args: { to }, facts: 'money' }, async () => 'paid')
      .catch((error: Error) => error.message);
  };
  const deep = JSON.parse(`${'['.repeat(20)}"${EVIL}"${']'.repeat(20)}`) as unknown;

  it.each([
    ['a URL', new URL('https://evil.example/x')],
    ['a date', new Date(0)],
    ['a map', new Map([['a', EVIL]])],
    ['a set', new Set([EVIL])],
    ['bytes that are a text', new TextEncoder().encode(EVIL)],
    ['other bytes', Uint8Array.of(255, 254)],
    ['numbers in memory', Uint16Array.of(1, 2)],
    ['deep nesting', deep],
  ])('is looked at although it is no plain data: %s', async (_, value) => {
    expect(await pay(value, 'too deeply nested, what cannot be read')).toContain('denied');
    expect(await pay({ more: value }, 'hello there')).toContain('denied');
  });

  it.each([
    ['other bytes', Uint8Array.of(255, 254)],
    ['deep nesting', deep],
  ])('is looked at for parts as well: %s', async (_, value) => {
    expect(await pay(value, 'what cannot be read', 'links')).toContain('denied');
  });

  it('is accepted where the user typed it', async () => {
    expect(await pay(new URL('https://example.com/x'), 'see https://example.com/x')).toBe('paid');
    expect(await pay(new Set([EVIL]), `pay ${EVIL}`)).toBe('paid');
    expect(await pay(new TextEncoder().encode(EVIL), `pay ${EVIL}`)).toBe('paid');
    expect(await pay('I ❤️ this team', 'say I ❤️ this team')).toBe('paid');
    expect(await pay('葛\u{e0100}飾区の本部', 'post 葛\u{e0100}飾区の本部')).toBe('paid');
  });
});
