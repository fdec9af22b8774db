import {
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard, memoryAudit } from '@guardstile/langchain';
import { guardDeepAgent } from '@guardstile/langchain/middleware';
import { sandboxBackend, workspaceSandbox } from '@guardstile/langchain/sandbox';
import { createDeepAgent, isSandboxBackend, type SandboxBackendProtocolV2 } from 'deepagents';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';

import { scriptedChatModel } from '../../examples/src/support/scripted-chat-model.ts';

function makeRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'guardstile-backend-')));
  writeFileSync(join(root, 'notes.txt'), 'one\ntwo\nthree\n');
  symlinkSync('/etc/passwd', join(root, 'link'));
  made.push(root);
  return root;
}

const made: string[] = [];
afterAll(() => made.forEach((root) => rmSync(root, { recursive: true, force: true })));

describe('a workspace as a backend of deepagents', () => {
  const root = makeRoot();
  const sandbox = workspaceSandbox({ root });
  // That it is one, by the types of deepagents.
  const backend: SandboxBackendProtocolV2 = sandboxBackend(sandbox.open());

  afterAll(async () => sandbox.close?.());

  it('is one by its own check, and executes commands within its walls', async () => {
    expect(isSandboxBackend(backend)).toBe(true);
    const { output, exitCode, truncated } = await backend.execute(
      'pwd; cat /etc/passwd; curl -sS --max-time 5 http://1.1.1.1 || exit 9',
    );
    expect(output).toMatch(`${root}\n[stderr] cat: /etc/passwd: No such file`);
    expect([exitCode, truncated]).toEqual([9, false]);
  });

  it('reads pages, with paths of the workspace and of its own root', async () => {
    const whole = { content: 'one\ntwo\nthree', totalLines: 3, startLine: 1, endLine: 3 };
    expect(await backend.read('/notes.txt')).toMatchObject(whole);
    expect(await backend.read(join(root, 'notes.txt'))).toMatchObject(whole);
    expect(await backend.read('/notes.txt', 1, 1)).toMatchObject({
      content: 'two',
      startLine: 2,
      endLine: 2,
      nextOffset: 2,
    });
    expect((await backend.read('/notes.txt', 7)).error).toContain('exceeds file length');
    for (const path of ['/link', '/etc/passwd', '/../../etc/passwd', '/missing']) {
      expect((await backend.read(path)).error).toBe(`File '${path}' not found`);
    }
  });

  it('writes, edits, finds and deletes, and answers errors instead of throwing them', async () => {
    expect(await backend.write('/src/a.ts', 'let a = 1;\nlet b = 1;\n')).toEqual({
      path: '/src/a.ts',
    });
    expect((await backend.edit('/src/a.ts', '1', '2'))?.error).toMatch(/2 times/);
    expect(await backend.edit('/src/a.ts', '1', '2', true)).toMatchObject({ occurrences: 2 });
    expect((await backend.edit('/src/a.ts', 'nothing', ''))?.error).toMatch(/not found/);
    expect((await backend.edit('/missing', 'a', 'b'))?.error).toMatch(/not found/);
    expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe('let a = 2;\nlet b = 2;\n');
    expect((await backend.ls('/')).files).toContainEqual({ path: `${root}/src/`, is_dir: true });
    const { files } = await backend.glob('**/*.ts');
    expect(files).toMatchObject([{ path: join(root, 'src/a.ts'), is_dir: false, size: 22 }]);
    const { matches } = await backend.grep('let b', '/', '*.ts');
    expect(matches).toEqual([{ path: join(root, 'src/a.ts'), line: 2, text: 'let b = 2;' }]);
    expect(await backend.grep('let', null, null, 1)).toMatchObject({ truncated: true });
    expect(await backend.grep('root:', '/')).toEqual({ matches: [] });
    expect(await backend.delete?.('/src')).toEqual({ path: '/src' });
    expect((await backend.delete?.('/src'))?.error).toMatch(/not found/);
    const bytes = new Uint8Array([0, 1, 255]);
    expect(await backend.uploadFiles?.([['/up.bin', bytes]])).toEqual([
      { path: '/up.bin', error: null },
    ]);
    expect(await backend.downloadFiles?.(['/up.bin', '/no.bin', '/'])).toEqual([
      { path: '/up.bin', content: bytes, error: null },
      { path: '/no.bin', content: null, error: 'file_not_found' },
      { path: '/', content: null, error: 'is_directory' },
    ]);
    expect((await backend.readRaw('/up.bin')).data).toMatchObject({
      content: bytes,
      mimeType: 'application/octet-stream',
    });
  });

  it('serves a deep agent, whose calls a guard decides and whose operations it logs', async () => {
    const inside = workspaceSandbox({ root: makeRoot() });
    const audit = memoryAudit();
    const guard = createGuard({
      policy: ({ args }) => (JSON.stringify(args).includes('rm ') ? 'deny' : 'allow'),
      sandbox: inside,
      audit,
    });
    onTestFinished(() => guard.close());
    const params = {
      model: scriptedChatModel([
        { tool: 'execute', args: { command: 'wc -l < notes.txt; cat /etc/passwd' } },
        { tool: 'execute', args: { command: 'rm notes.txt' } },
        { tool: 'write_file', args: { file_path: '/reply.txt', content: 'done' } },
        (results) => results.map(({ text }) => text).join('\n'),
      ]),
      backend: sandboxBackend(inside.open(guard)),
    };
    const agent = createDeepAgent(guardDeepAgent(guard, params, { onReport: () => undefined }));
    const { messages } = await agent.invoke({ messages: [{ role: 'user', content: 'go' }] });
    const text = messages.at(-1)?.text ?? '';
    expect(text).toContain('3\n');
    expect(text).toContain('cat: /etc/passwd: No such file');
    expect(text).toContain('denied');
    expect(readFileSync(join(inside.root, 'notes.txt'), 'utf8')).toContain('two');
    expect(readFileSync(join(inside.root, 'reply.txt'), 'utf8')).toBe('done');
    const decisions = (await audit.query({})).filter(({ kind }) => kind === 'decision');
    const inWorkspace = decisions.filter(({ source }) => source === 'workspace');
    expect(inWorkspace.map(({ tool }) => tool)).toEqual(
      expect.arrayContaining(['runCommand', 'writeFile']),
    );
    expect(decisions.map(({ tool, action }) => `${tool} ${action}`)).toContain('execute tool.deny');
  });
});
