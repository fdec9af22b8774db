import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFolder } from './data-folder.ts';

const suites = {
  suites: [
    {
      suite: 'post',
      tools: [{ name: 'read', description: '', params: {} }],
      injectionTasks: [{ id: 'leak', sinks: [{ tool: 'read', argsContain: 'x' }] }],
    },
  ],
};
const run = { suite: 'post', user: 'clerk', prompt: 'Read.', steps: [] };

describe('a folder of runs', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'attacks-'));
    writeFileSync(join(folder, 'post.json'), JSON.stringify(suites));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (file: string, ...runs: readonly unknown[]): void => {
    const text = runs.map((one) => `${JSON.stringify(one)}\n`).join('');
    writeFileSync(join(folder, file), file.endsWith('.gz') ? gzipSync(text) : text);
  };
  const setsIn = (): readonly (readonly [string, number])[] =>
    readFolder(folder).sets.map(({ name, traces }) => [name, traces.length]);

  it('has a set for each file, and for each way of attacking in it', () => {
    write('benign.jsonl', run, run);
    const attacked = { ...run, injection: 'leak' };
    write('runs.jsonl.gz', { ...attacked, attack: 'one' }, { ...attacked, attack: 'two' });
    expect(setsIn()).toEqual([
      ['benign', 2],
      ['runs: one', 1],
      ['runs: two', 1],
    ]);
  });

  it.each([
    ['no runs', [], 'has no runs'],
    ['a suite that nobody describes', [{ ...run, suite: 'bank' }], 'there is no suite bank'],
    ['an attack that nobody describes', [{ ...run, injection: 'no' }], 'no injection task no'],
    ['a step that is none', [run, { ...run, steps: [{ tool: 1 }] }], 'runs.jsonl, line 2'],
  ])('is refused with %s', (_what, runs, message) => {
    if (runs.length > 0) write('runs.jsonl', ...runs);
    expect(() => readFolder(folder)).toThrow(message);
  });

  it('is refused with a line that is no JSON', () => {
    writeFileSync(join(folder, 'runs.jsonl'), `${JSON.stringify(run)}\n{`);
    expect(() => readFolder(folder)).toThrow('runs.jsonl, line 2: it is no JSON');
  });

  it('is refused where it is not there', () => {
    expect(() => readFolder(join(folder, 'none'))).toThrow('none cannot be read');
  });
});
