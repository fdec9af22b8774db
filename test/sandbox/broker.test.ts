import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Guard } from '@guardstile/core';
import { childSandbox, networkSandbox, osSandbox } from '@guardstile/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ending, guardIn, toolsNamed } from './support/calls.ts';
import { containing } from './support/texts.ts';
import { itWithOs } from './support/where.ts';

const server = createServer((incoming, outgoing) => {
  if (incoming.url === '/away') {
    outgoing.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    return;
  }
  if (incoming.url === '/endless') {
    outgoing.write('begins');
    return;
  }
  outgoing.setHeader('x-seen', String(incoming.headers['x-sent'] ?? 'nothing'));
  if (incoming.url === '/much') outgoing.end('x'.repeat(2_000_000));
  else incoming.pipe(outgoing);
});
const guards: Guard[] = [];
let origin = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  for (const guard of guards) await guard.close();
  server.closeAllConnections();
  server.close();
});

const TOOLS = toolsNamed('fetches', 'asksForever', 'asksNonsense');

function guarded(make: typeof childSandbox, options: object = {}): Guard {
  const { fetch } = networkSandbox({ domains: [], privateHosts: [new URL(origin).host] });
  const guard = guardIn(make({ tools: TOOLS, fetch, spares: 0, ...options }));
  guards.push(guard);
  return guard;
}

describe.each([
  ['a child', childSandbox, it],
  ['OS isolation', osSandbox, itWithOs],
] as const)('fetch from %s', (_name, make, itThere) => {
  itThere('goes through this process, and its bounds hold', async () => {
    const guard = guarded(make);
    expect(await ending(guard, 'fetches', { urls: [`${origin}/echo`], body: 'content' })).toEqual({
      value: [[200, 'yes', 7]],
    });
    for (const url of ['http://169.254.169.254/', 'https://example.com/', `${origin}/away`]) {
      expect(await ending(guard, 'fetches', { urls: [url] })).toMatchObject({
        threw: { code: 'sandbox_refused' },
      });
    }
  });
});

describe('fetch from a child', () => {
  it('is not there unless it is given', async () => {
    const guard = guarded(childSandbox, { fetch: undefined });
    expect(await ending(guard, 'fetches', { urls: [] })).toEqual({ value: 'no fetch' });
  });

  it('asks for several pages at once, and not for too many', async () => {
    const guard = guarded(childSandbox);
    const urls = (count: number, path: string): readonly string[] =>
      Array<string>(count).fill(`${origin}/${path}`);
    const sixteen = await ending(guard, 'fetches', { urls: urls(16, 'echo') });
    expect(sixteen).toHaveProperty('value.length', 16);
    expect(await ending(guard, 'fetches', { urls: urls(17, 'endless') })).toMatchObject({
      threw: { message: containing('more than 16 requests at once') },
    });
  });

  it('takes no more than the largest result', async () => {
    expect(
      await ending(guarded(childSandbox), 'fetches', { urls: [`${origin}/much`] }),
    ).toMatchObject({
      threw: { message: containing('larger than 1048576 bytes') },
    });
  });

  it('ends with the call', async () => {
    const guard = guarded(childSandbox, { timeoutMs: 2000 });
    const closed = new Promise<void>((resolve) => {
      server.on('connection', (socket) => void socket.once('close', () => resolve()));
    });
    expect(await ending(guard, 'fetches', { urls: [`${origin}/endless`] })).toMatchObject({
      code: 'timeout',
    });
    await closed;
  });

  it('of a hostile child fills no memory here and breaks nothing', async () => {
    const before = process.memoryUsage.rss();
    const flooding = guarded(childSandbox, { timeoutMs: 2000 });
    expect(await ending(flooding, 'asksForever', { url: `${origin}/much` })).toMatchObject({
      code: 'timeout',
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1_048_576);
    expect(await ending(flooding, 'asksNonsense')).toEqual({ value: 'answered' });
  });
});
