import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainEnvironment } from './support/plain-environment.ts';
import { run, type RunResult } from './support/run.ts';
import { workspaceRoot } from './support/workspace-root.ts';

const program = join(workspaceRoot, 'examples/src/demo/main.ts');

function demo(...args: readonly string[]): Promise<RunResult> {
  return run(process.execPath, [program, ...args], { env: plainEnvironment, timeout: 50_000 });
}

/** What is told, without the name of the framework and what is another each time. */
function storyOf({ stdout }: RunResult): string {
  return stdout
    .replace(/(an AI SDK|a LangChain) agent/, 'an agent')
    .replace(/(files +).*/, '$1(folder)')
    .replace(/(server +http:\/\/127\.0\.0\.1:)\d+/, '$1(port)')
    .replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, '(time)')
    .replaceAll(/after [\d.]+ ms/g, 'after (time)')
    .replace(/head [0-9a-f]+/, 'head (hash)');
}

describe('the demo', () => {
  it.each([
    ['approves', ['--approve'], 'ok       {"refund":"accepted"}'],
    ['denies', ['--deny'], 'a person denied it'],
    ['is not there', [], 'there is no terminal to ask at'],
  ] as const)(
    'tells the same story in every framework when the person %s',
    async (_, args, part) => {
      const first = await demo(...args);
      const second = await demo('langchain', ...args);
      expect({ code: first.code, errors: first.stderr }).toEqual({ code: 0, errors: '' });
      expect(first.stdout).toContain('Guardstile: an AI SDK agent');
      expect(second.stdout).toContain('Guardstile: a LangChain agent');
      expect(storyOf(second)).toBe(storyOf(first));
      expect({ code: second.code, errors: second.stderr }).toEqual({ code: 0, errors: '' });
      expect(storyOf(first)).toContain(part);
    },
  );

  it('shows the trail verified, a tampered copy noticed, and the secret where it belongs', async () => {
    const { stdout } = await demo('langchain', '--approve');
    expect(stdout).toMatch(/verified +12 entries, each link and each MAC/);
    expect(stdout).toMatch(/tampered +copy with tool.allow as entry 5: noticed at 5/);
    expect(stdout).toMatch(/secret +shop's key sent 2×, not in the trail/);
  });

  it.each([
    [['mastra'], '"mastra" is not an option'],
    [['langchain', 'ai-sdk'], 'langchain and ai-sdk exclude each other'],
    [['--approve', '--deny'], '--approve and --deny exclude each other'],
    [['--help', '__proto__'], '"__proto__" is not an option'],
  ])('takes no %j', async (args, problem) => {
    const { code, stderr } = await demo(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
    expect(stderr).toContain('npm run demo [--');
  });
});
