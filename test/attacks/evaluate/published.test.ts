import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../support/workspace-root.ts';
import { contenders } from './contenders.ts';
import type { Evaluation } from './evaluation.ts';
import type { JudgedRun, Verdict } from './judged-run.ts';
import { fallsOf, type Published, readPublished } from './published.ts';
import { publishedTable } from './published-table.ts';

const [contender] = contenders;

/** One attack with a sink call, and one run without attack. */
function evaluation(sink: Verdict, benign: Verdict): readonly Evaluation[] {
  if (contender === undefined) throw new Error('there is nothing to measure');
  const run = (attacked: boolean, verdict: Verdict): JudgedRun => ({
    user: 'clerk',
    attacked,
    calls: [{ tool: 'send', verdict, sink: attacked, injected: attacked }],
    problems: [],
  });
  const rows = [{ suite: 'post', set: 'runs', runs: [run(true, sink), run(false, benign)] }];
  return [{ contender, rows, leftOut: [], differences: [], problems: [], seconds: 0 }];
}

const counts: Published[string][string]['all'] = {
  stop: [1, 1],
  deny: [0, 1],
  silent: [1, 1],
  broken: [0, 1],
  ask: [0, 1],
  work: [1, 1],
};
const published: Published = {
  [contender?.name ?? '']: { 'post, runs': { all: counts, ci: counts } },
};

describe('published figures', () => {
  it('stand where nothing is worse', () => {
    expect(fallsOf(evaluation('ask', 'allow'), published, 'all')).toEqual([]);
    expect(fallsOf(evaluation('deny', 'allow'), published, 'ci')).toEqual([]);
  });

  it.each([
    ['an attack gets through', evaluation('allow', 'allow'), ['STOP was 1 of 1, is 0 of 1']],
    [
      'a person is asked',
      evaluation('ask', 'ask'),
      ['SILENT was 1 of 1, is 0 of 1', 'ASK was 0 of 1, is 1 of 1'],
    ],
    [
      'work is denied',
      evaluation('ask', 'deny'),
      ['SILENT was 1 of 1, is 0 of 1', 'BROKEN was 0 of 1, is 1 of 1'],
    ],
  ])('fall when %s', (_what, evaluations, falls) => {
    expect(fallsOf(evaluations, published, 'all')).toEqual(
      falls.map((fall) => `${contender?.name}, post, runs: ${fall}`),
    );
  });

  it('fall when runs are gone', () => {
    const none = evaluation('ask', 'allow').map((one) => ({ ...one, rows: [] }));
    expect(fallsOf(none, published, 'all')).toEqual([
      `${contender?.name}, post, runs: it was not measured`,
    ]);
  });

  it('are there for everything that is measured', () => {
    expect(Object.keys(readPublished()).sort()).toEqual(contenders.map(({ name }) => name).sort());
  });

  it('are those that the README shows', () => {
    const readme = readFileSync(join(workspaceRoot, 'README.md'), 'utf8');
    expect(readme).toContain(publishedTable(readPublished()));
  });
});
