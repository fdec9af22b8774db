import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../support/run.ts';
import { workspaceRoot } from '../support/workspace-root.ts';

/** What comes along with each part, and belongs to one sub-path only. */
const HEAVY = [
  'undici',
  'quickjs-emscripten',
  '/sandbox/dist',
  '/approvals/dist',
  '/policy-file/dist',
  'yaml',
];

/** Every module that an import loads. */
async function loadedBy(specifier: string): Promise<readonly string[]> {
  const program = `
    const { registerHooks } = await import('node:module');
    const urls = [];
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    await import(${JSON.stringify(specifier)});
    console.log(JSON.stringify(urls));
  `;
  const { stdout, stderr } = await run(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: join(workspaceRoot, 'test') },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout) as readonly string[];
}

it.each([
  ['@guardstile/ai-sdk', []],
  ['@guardstile/langchain', []],
  ['@guardstile/ai-sdk/sandbox', ['undici', '/sandbox/dist']],
  ['@guardstile/langchain/sandbox', ['undici', '/sandbox/dist']],
])('%s loads of the heavy parts only what it offers', async (specifier, expected) => {
  const urls = await loadedBy(specifier);
  expect(urls.length).toBeGreaterThan(10);
  expect(HEAVY.filter((part) => urls.some((url) => url.includes(part)))).toEqual(expected);
});
