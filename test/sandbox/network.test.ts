import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { isGuardError } from '@guardstile/core';
import { networkSandbox, type NetworkSandboxOptions } from '@guardstile/sandbox';
import { describe, expect, it, onTestFinished } from 'vitest';

import { run } from '../support/run.ts';
import { workspaceRoot } from '../support/workspace-root.ts';
import { confined } from './confined.ts';
import { startDnsServer } from './dns-server.ts';

const REFUSED: unknown = expect.stringContaining('the sandbox "network" refuses the arguments');

const few = networkSandbox({
  domains: ['example.com', '*.docs.com', 'https://x.com:8443', 'ftp://files.com'],
});

describe('a URL in the arguments', () => {
  it('comes to the tool as every parser reads it', async () => {
    const table: ReadonlyArray<readonly [string, string]> = [
      ['https://example.com', 'https://example.com/'],
      ['HTTPS://EXAMPLE.com:443/a/../b?q#h', 'https://example.com/b?q#h'],
      ['https:example.com', 'https://example.com/'],
      ['http://example.com./', 'http://example.com/'],
      ['http://ｅｘａｍｐｌｅ.com/', 'http://example.com/'],
      ['https://a.docs.com/x', 'https://a.docs.com/x'],
      ['https://x.com:8443/', 'https://x.com:8443/'],
      ['ftp://files.com/x', 'ftp://files.com/x'],
    ];
    for (const [given, expected] of table) {
      for (const args of [{ url: given }, { note: given }]) {
        const [field] = Object.keys(args) as [string];
        expect([given, await confined(few, args)]).toEqual([given, { [field]: expected }]);
      }
    }
    expect(await confined(few, { at: new URL('http://example.com./x') })).toEqual({
      at: new URL('http://example.com/x'),
    });
  });

  it('may be a host where a field is named for one', async () => {
    for (const [given, expected] of [
      ['example.com', 'example.com'],
      ['EXAMPLE.com.', 'example.com'],
      ['example.com:443', 'example.com'],
      ['example.com/path', 'example.com/path'],
      ['/relative', '/relative'],
      ['', ''],
    ])
      expect(await confined(few, { host: given })).toEqual({ host: expected });
  });

  it('is refused where it leads elsewhere, or nobody can be sure', async () => {
    for (const url of [
      'https://evil.com/',
      'https://docs.com/',
      'https://example.com.evil.com/',
      'https://evilexample.com',
      'https://example.com:8443/',
      'https://x.com/',
      'http://x.com:8443/',
      'https://user:pass@example.com/',
      'https://example.com@evil.com/',
      'https://example.com\\@evil.com/',
      'https://exa\0mple.com/',
      'https://example.com\0.evil.com/',
      'https://exam\nple.com/',
      ' https://example.com/',
      'https://example.com /',
      'https://exam\u00adple.com/',
      '//evil.com/',
      '/\\evil.com/',
      'evil.com',
      '127.0.0.1',
      'http://2130706433/',
      'file:///etc/passwd',
      'gopher://example.com/',
      'javascript:alert(1)',
      'not a url',
    ]) {
      expect([url, await confined(few, { url })]).toEqual([url, REFUSED]);
    }
  });

  it('is refused where it is an internal address, although any host of the internet may be reached', async () => {
    const open = networkSandbox();
    for (const url of ['http://[::1]/', 'http://169.254.169.254/x', 'http://0x7f.1/', '10.0.0.1'])
      expect([url, await confined(open, { url })]).toEqual([url, REFUSED]);
    for (const url of ['https://example.com/', 'http://93.184.216.34/'])
      expect(await confined(open, { url })).toEqual({ url });
    for (const url of ['ftp://example.com/', 'https://example.com:8443/', 'ws://example.com/'])
      expect([url, await confined(open, { url })]).toEqual([url, REFUSED]);
  });

  it('is looked for everywhere, and other texts are left alone', async () => {
    const args = { a: [{ homepage: 'https://evil.com/' }] };
    expect(await confined(few, args)).toEqual(REFUSED);
    const harmless = {
      text: 'see https://evil.com/ for more',
      path: 'file:///work/a.txt',
      ratio: '1:2',
      day: new Date(0),
      none: null,
    };
    expect(await confined(few, harmless)).toEqual(harmless);
  });

  it('can be declared, or declared to be none', async () => {
    const declared = networkSandbox({
      domains: ['example.com'],
      urlArgs: { tool: { target: true, link: false } },
      autoDetect: false,
    });
    expect(await confined(declared, { target: 'example.com' })).toEqual({ target: 'example.com' });
    expect(await confined(declared, { target: 'evil.com' })).toEqual(REFUSED);
    expect(await confined(declared, { target: '/relative' })).toEqual(REFUSED);
    expect(await confined(declared, { target: 7 })).toEqual(REFUSED);
    const rest = { link: 'https://evil.com', url: 'https://evil.com' };
    expect(await confined(declared, rest)).toEqual(rest);
  });

  it('comes out the same when it is confined again', async () => {
    const args = { url: 'HTTPS://example.com', hosts: ['EXAMPLE.com.'] };
    const first = await confined(few, args);
    expect(await confined(few, first)).toEqual(first);
  });

  it('is judged without asking who the name belongs to', async () => {
    let asked = 0;
    const sandbox = networkSandbox({
      domains: ['example.com'],
      resolve: async () => {
        asked += 1;
        return ['127.0.0.1'];
      },
    });
    expect(await confined(sandbox, { url: 'http://example.com/' })).toHaveProperty('url');
    expect(asked).toBe(0);
  });
});

interface Site {
  readonly server: Server;
  readonly url: string;
  readonly requests: IncomingMessage[];
}

async function startSite(): Promise<Site> {
  const requests: IncomingMessage[] = [];
  const server = createServer((incoming, outgoing) => {
    requests.push(incoming);
    void text(incoming).then((body) => outgoing.end(`${incoming.method} ${body}`));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

describe('fetch', () => {
  it('reaches a private host that was named, and is otherwise that of the platform', async () => {
    const { url, requests } = await startSite();
    const sandbox = networkSandbox({ privateHosts: [new URL(url).host] });
    const response = await sandbox.fetch(url, { method: 'POST', body: 'text' });
    expect(response).toBeInstanceOf(Response);
    expect([response.status, await response.text()]).toEqual([200, 'POST text']);
    const again = await sandbox.fetch(new Request(url, { headers: { 'x-a': 'b' } }));
    expect([again.ok, requests[1]?.headers['x-a']]).toEqual([true, 'b']);
    await sandbox.close?.();
  });

  it('does not let a caller bring a dispatcher of its own', async () => {
    const { url, requests } = await startSite();
    const open = networkSandbox({ privateHosts: [new URL(url).host] });
    const closed = networkSandbox();
    const init = { dispatcher: open.dispatcher } as RequestInit;
    await expect(closed.fetch(url, init)).rejects.toMatchObject({ code: 'sandbox_refused' });
    expect(requests).toEqual([]);
  });

  it('says what is wrong with a name, and passes on what other clients would say', async () => {
    const dns = await startDnsServer((name) => (name === 'here.test' ? ['127.0.0.1'] : []));
    onTestFinished(() => dns.close());
    const { url, requests } = await startSite();
    const { port } = new URL(url);
    const { resolve } = dns;
    const refusing = networkSandbox({ domains: [`here.test:${port}`], resolve });
    await expect(refusing.fetch(`http://here.test:${port}/`)).rejects.toThrow(
      'here.test leads to 127.0.0.1, which is no public address; name the host in privateHosts',
    );
    expect(requests).toEqual([]);
    const meant = networkSandbox({ privateHosts: [`here.test:${port}`, 'gone.test'], resolve });
    expect(await (await meant.fetch(`http://here.test:${port}/`)).text()).toBe('GET ');
    await expect(meant.fetch('http://gone.test/')).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: 'ENOTFOUND' },
    });
    await expect(meant.fetch('nonsense')).rejects.toBeInstanceOf(TypeError);
    await meant.close?.();
  });

  it('ends when it is aborted, a look-up that never answers too', async () => {
    const sandbox = networkSandbox({
      domains: ['slow.test'],
      resolve: () => new Promise(() => undefined),
    });
    const controller = new AbortController();
    const fetching = sandbox.fetch('http://slow.test/', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(fetching).rejects.toThrow('enough');
  });

  it('keeps no process alive once its answer is read', async () => {
    const program = `
      import { createServer } from 'node:http';
      import { networkSandbox } from '@guardstile/sandbox';
      const server = createServer((_, out) => out.end('hello')).listen(0, '127.0.0.1', async () => {
        const host = '127.0.0.1:' + server.address().port;
        const sandbox = networkSandbox({ privateHosts: [host] });
        console.log(await (await sandbox.fetch('http://' + host)).text());
        server.close();
        server.closeIdleConnections();
      });`;
    const args = ['--input-type=module', '--eval', program];
    const cwd = `${workspaceRoot}/test`;
    const { code, output } = await run(process.execPath, args, { cwd, timeout: 20_000 });
    expect([code, output]).toEqual([0, 'hello\n']);
  });
});

describe('the sandbox', () => {
  it('guarantees the arguments and nothing more', () => {
    expect(few.check()).toEqual({ ok: true, guarantees: few.guarantees });
    expect(Object.entries(few.guarantees).filter(([, level]) => level !== 'none')).toEqual([
      ['network', 'args'],
    ]);
  });

  it.each<[string, unknown]>([
    ['a misspelt option', { domain: [] }],
    ['a text for domains', { domains: 'example.com' }],
    ['a domain that is none', { domains: ['exa mple.com'] }],
    ['a pattern that is none', { domains: ['example.*'] }],
    ['a range of addresses', { privateHosts: ['10.0.0.0/8'] }],
    ['a number for a host', { privateHosts: [7] }],
    ['an unknown declaration', { urlArgs: { tool: { url: 'yes' } } }],
    ['no options at all', null],
  ])('that is made with %s is refused', (_name, options) => {
    try {
      networkSandbox(options as NetworkSandboxOptions);
    } catch (error) {
      expect(isGuardError(error) && error.code).toBe('options_invalid');
      return;
    }
    expect.unreachable();
  });
});
