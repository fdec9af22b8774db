import { describe, expect, it } from 'vitest';
import type { Verdict } from './check-call.ts';
import { type Column, comparisonOf, differencesOf } from './comparison.ts';
import { commonConclusion } from './conclusion.ts';
import { figuresOf } from './metrics.ts';

/** A column with these runs, sound apart from what it decided. */
function column(name: string, runs: Readonly<Record<string, readonly Verdict[]>>): Column {
  const figures = { ...figuresOf([]), runs: Object.keys(runs).length };
  return {
    name,
    replay: {
      rows: [{ suite: 'library', set: 'one', figures }],
      total: figures,
      runs: Object.entries(runs).map(([run, verdicts]) => ({ run, verdicts })),
      problems: [],
    },
  };
}

const whole = column('new', { first: ['allow', 'deny'], second: ['deny'] });

describe('columns side by side', () => {
  it('agree when every call of every run has the same verdict', () => {
    const same = column('old', { first: ['allow', 'deny'], second: ['deny'] });
    expect(differencesOf([whole, same])).toEqual([]);
    expect(commonConclusion([whole, same])).toMatchObject({ ok: true });
  });

  it.each([
    ['another verdict', { first: ['allow', 'allow'], second: ['deny'] }, 'first'],
    ['another order of verdicts', { first: ['deny', 'allow'], second: ['deny'] }, 'first'],
    ['a verdict too few', { first: ['allow'], second: ['deny'] }, 'first'],
    ['a run too few', { first: ['allow', 'deny'] }, 'second'],
    ['a run too many', { first: ['allow', 'deny'], second: ['deny'], third: [] }, 'third'],
  ] satisfies ReadonlyArray<[string, Record<string, Verdict[]>, string]>)(
    'fail with %s, whichever column has it',
    (_, runs, run) => {
      const other = column('old', runs);
      for (const columns of [
        [whole, other],
        [other, whole],
        [whole, whole, other],
      ]) {
        expect(differencesOf(columns)).toEqual([
          expect.stringMatching(`^${run}: .*new.*old|old.*new`),
        ]);
        const conclusion = commonConclusion(columns);
        expect(conclusion.ok).toBe(false);
        expect(conclusion.text).toContain(`${run}: `);
      }
    },
  );

  it('fail when one of them has a problem of its own, or there is none at all', () => {
    const broken = column('old', { first: ['allow', 'deny'], second: ['deny'] });
    const problem = { suite: 'library', set: 'one', kind: 'audit', detail: 'it is torn' } as const;
    const columns = [whole, { ...broken, replay: { ...broken.replay, problems: [problem] } }];
    expect(commonConclusion(columns)).toMatchObject({ ok: false });
    expect(commonConclusion(columns).text).toContain('old: audit (library, one): it is torn');
    expect(commonConclusion([])).toMatchObject({ ok: false });
  });

  it('have a title each, and a cell each in every line', () => {
    const [, titles, , line] = comparisonOf([whole, whole]).split('\n');
    expect(titles).toMatch(/new +new$/);
    expect(line).toMatch(/^library +one .*0 \+ 0 \+ 0 +0 \+ 0 \+ 0$/);
  });
});
