import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainEnvironment } from '../support/plain-environment.ts';
import { run } from '../support/run.ts';
import type { Cell } from './bypass-table.ts';
import { expectGuarded } from './expect-guarded.ts';
import { createV0Project } from './v0/project.ts';

interface Seen {
  readonly version: string;
  readonly allowed: unknown;
  readonly denied: unknown;
  readonly deniedPair: unknown;
  readonly thrown: string;
  readonly stopped: string;
  readonly decided: readonly unknown[];
  readonly bodies: readonly unknown[];
  readonly events: readonly string[];
  readonly cells: readonly Cell[];
}

describe('on the 0.3 line of LangChain', () => {
  let project = '';
  let seen: Seen;

  beforeAll(async () => {
    project = createV0Project();
    const { code, stdout, output } = await run(
      process.execPath,
      [join(project, 'src/v0/program.ts')],
      { cwd: project, env: { ...plainEnvironment, NODE_NO_WARNINGS: '1' } },
    );
    expect({ code, output }).toEqual({ code: 0, output });
    seen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Seen; // what the program prints
  });

  afterAll(() => {
    if (project !== '') rmSync(project, { recursive: true, force: true });
  });

  it('is that line which runs', () => {
    expect(seen.version).toMatch(/^0\.3\./);
  });

  it('answers calls of the model, denied ones as errors', () => {
    expect(seen.allowed).toEqual(['success', 'Bern']);
    expect(seen.denied).toEqual(['error', 'Basel']);
    expect(seen.deniedPair).toEqual(['error', 'Bern']);
    expect(seen.thrown).toBe('denied');
  });

  it('decides on what was parsed once, in the session of the thread', () => {
    expect(seen.decided.slice(0, 2)).toEqual([
      [{ city: 'BERN' }, 'chat-1'],
      [{ city: 'BASEL' }, 'chat-1'],
    ]);
    expect(seen.bodies).toEqual([{ city: 'BERN' }, { city: 'BERN' }, { city: 'BERN' }]);
  });

  it('tells handlers guarded runs from others', () => {
    expect(seen.events).toEqual(['tool.start', 'tool.end']);
    expect(seen.stopped).toBe('tool_invalid');
  });

  it('has no way past the guard', () => {
    expect(seen.cells.filter(({ allowed }) => allowed === 1).length).toBeGreaterThan(100);
    seen.cells.forEach(expectGuarded);
  });
});
