import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { commandSandbox, filesystemSandbox, networkSandbox } from '@guardstile/sandbox';
import { describe, expect, it, onTestFinished } from 'vitest';
import { confined } from './confined.ts';
import { matching } from './support/texts.ts';
import { makeWorkspace } from './workspace.ts';

describe('filesystemSandbox', () => {
  it('is not given a link as a root, also with a slash behind it', () => {
    const { path } = makeWorkspace();
    expect(() => filesystemSandbox({ roots: [`${path('in')}/`] })).toThrow(/is a symbolic link/);
    expect(filesystemSandbox({ roots: [`${path('sub')}/`] }).roots).toEqual([path('sub')]);
  });

  it('protects no patterns, which would protect nothing', () => {
    const { root } = makeWorkspace();
    expect(() => filesystemSandbox({ roots: [root], protect: ['**/*.pem'] })).toThrow(
      /is a pattern; name files and directories themselves/,
    );
  });

  it('protects what is in a directory from fields of whatever name, from where the application runs', async () => {
    const { root } = makeWorkspace();
    const here = realpathSync(mkdtempSync(join(process.cwd(), 'node_modules', '.attacks-')));
    onTestFinished(() => rmSync(here, { recursive: true, force: true }));
    mkdirSync(join(here, 'audit'));
    writeFileSync(join(here, 'audit', 'log.jsonl'), 'x');
    const sandbox = filesystemSandbox({ roots: [root], protect: [join(here, 'audit')] });
    const target = relative(process.cwd(), join(here, 'audit', 'log.jsonl'));
    expect(await confined(sandbox, { target })).toMatch(/is protected from tools/);
    expect(await confined(sandbox, { target: 'an audit/log of mine' })).toEqual({
      target: 'an audit/log of mine',
    });
  });

  it('follows no link that appears between two calls', async () => {
    const { root, top, path } = makeWorkspace();
    const sandbox = filesystemSandbox({ roots: [root], protect: [join(top, 'secret.txt')] });
    expect(await confined(sandbox, { path: 'new' })).toEqual({ path: path('new') });
    symlinkSync(join(top, 'secret.txt'), path('new'));
    expect(await confined(sandbox, { path: 'new' })).toMatch(/protected/);
  });
});

describe('networkSandbox', () => {
  it.each(['/\t/169.254.169.254/', '/\n/evil.example', '/\r\n\\evil.example', '?\t', '//evil'])(
    'takes %j for no path of an address that the tool has',
    async (url) => {
      const sandbox = networkSandbox({ domains: ['api.example.com'] });
      expect(await confined(sandbox, { url })).toMatch(/networ/);
    },
  );

  it.each(['/orders?q=two words', '', '#top', '/a//b', '/a\\b'])(
    'leaves %j as it is',
    async (url) => {
      expect(await confined(networkSandbox({ domains: [] }), { url })).toEqual({ url });
    },
  );

  it('closes although nobody reads a response to its end', async () => {
    const server = createServer((_, out) => void out.write('begun')).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const sandbox = networkSandbox({ privateHosts: [`127.0.0.1:${port}`] });
    const response = await sandbox.fetch(`http://127.0.0.1:${port}/`);
    await sandbox.close?.();
    await expect(response.text()).rejects.toThrow();
    await sandbox.close?.();
  });
});

describe('commandSandbox', () => {
  it('refuses a command with its words in two places', async () => {
    const sandbox = commandSandbox({ allow: [['git', 'log', '**']] });
    const args = { command: 'git', args: ['log'] };
    expect(await confined(sandbox, args)).toEqual(args);
    expect(await confined(sandbox, { ...args, arguments: ['push', '--force'] })).toEqual(
      matching(/in more than one of args, arguments, argv/),
    );
    expect(await confined(sandbox, { ...args, arguments: null })).toEqual({
      ...args,
      arguments: null,
    });
  });
});
