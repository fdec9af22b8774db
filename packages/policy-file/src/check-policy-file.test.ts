import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { checkPolicyFile, type PolicyFileReport } from './check-policy-file.ts';

const tools = {
  refund: z.object({ amount: z.number().max(1000), currency: z.enum(['EUR', 'USD']) }),
  search: { type: 'object', properties: { q: { type: 'string' } } },
  drop: z.object({}),
};

const check = (rest: string, given: unknown = tools): Promise<PolicyFileReport> =>
  checkPolicyFile(
    { text: `version: 1\n${rest}`, name: 'p.yaml' },
    given === null ? {} : { tools: given },
  );

const warned = async (rest: string): Promise<readonly string[]> => {
  const { errors, warnings } = await check(rest);
  expect(errors).toEqual([]);
  return warnings.map(({ line, column, message }) => `${line}:${column}: ${message}`);
};

describe('checking a policy file', () => {
  it('finds nothing in a good one', async () => {
    const report = await check(
      'rules: [{ id: a, effect: allow, tool: refund, where: { amount: { lte: 5 }, currency: EUR } }]\ntests: [{ call: refund, args: { amount: 5, currency: EUR }, expect: allow, rule: a }]',
    );
    expect(report).toMatchObject({ errors: [], warnings: [], skipped: [], rules: 1 });
    expect(report.tests.map(({ passed }) => passed)).toEqual([true]);
  });

  it('says what it skips without the tools', async () => {
    const { skipped } = await check('rules: []', null);
    expect(skipped).toHaveLength(3);
  });

  it('says which tools do not say what they take', async () => {
    const { skipped } = await check('rules: []', { opaque: () => undefined });
    expect(skipped).toEqual(['conditions on opaque, which does not say what it takes']);
  });

  it('finds rules that match no tool, but leaves those of other sources alone', async () => {
    const { errors } = await check(
      'rules:\n  - { id: a, effect: allow, tool: refnd }\n  - { id: b, effect: deny, tool: "x_*" }\n  - { id: c, effect: allow, tool: far, source: mcp.example }',
    );
    expect(errors.map(({ message }) => message)).toEqual([
      '"refnd" matches none of the tools (did you mean "refund"?)',
      '"x_*" matches none of the tools',
    ]);
  });

  it('finds rules that can never decide', async () => {
    expect(
      await warned(
        'deny: [drop]\nrules:\n  - { id: a, effect: allow, tool: drop }\n  - { id: b, effect: ask, tool: search }\n  - { id: c, effect: allow, tool: refund }\n  - { id: d, effect: allow, tool: refund, where: { amount: 5 } }',
      ),
    ).toEqual([
      '4:11: it decides nothing: "drop" never runs, by the list "deny"',
      '5:11: nothing allows what it asks about, so that it is denied: a rule that asks allows nothing by itself (use allow with approve)',
      '7:11: its conditions change nothing: "c" allows every call that it is about',
    ]);
  });

  it('finds conditions that contradict a tool', async () => {
    const where = (conditions: string): Promise<readonly string[]> =>
      warned(`rules: [{ id: a, effect: allow, tool: refund, where: { ${conditions} } }]`);
    expect(await where('ammount: 5')).toEqual([
      expect.stringContaining('refund: the tool has no field "ammount" (did you mean "amount"?)'),
    ]);
    expect(await where('amount: { startsWith: x }')).toEqual([
      expect.stringContaining('startsWith is about string, and the field is number'),
    ]);
    expect(await where("amount: '5'")).toEqual([expect.stringContaining('it can never be "5"')]);
    expect(await where('currency: EURO')).toEqual([
      expect.stringContaining(
        'it can never be "EURO" (did you mean "EUR"?); it is one of "EUR", "USD"',
      ),
    ]);
    expect(await where('amount: { gt: 1000 }')).toEqual([
      expect.stringContaining('no number is within these bounds'),
    ]);
    expect(await where('amount: { gt: 5, lt: 5 }')).toEqual([
      expect.stringContaining('no number is within these bounds'),
    ]);
    expect(await where('amount: { gte: 1000 }')).toEqual([]);
    expect(await where('currency: { not: GBP }')).toEqual([
      expect.stringContaining('it can never be "GBP"'),
    ]);
    expect(await where('ammount: { exists: false }')).toEqual([]);
  });

  it('looks at the policies of users and agents too', async () => {
    const mistakes = (by: string): Promise<readonly string[]> =>
      warned(
        `rules: [{ id: a, effect: allow, tool: refund }]\n${by}:\n  - id: ann\n    policy:\n      rules:\n        - { id: b, effect: ask, tool: search }\n        - { id: c, effect: allow, tool: refund, where: { currency: EURO } }`,
      );
    for (const by of ['users', 'agents']) {
      expect(await mistakes(by)).toEqual([
        expect.stringMatching(/^7:17: nothing allows what it asks about/),
        expect.stringMatching(/^8:\d+: refund: it can never be "EURO" \(did you mean "EUR"\?\)/),
      ]);
    }
  });

  it('names the member of a set that a tool never gets', async () => {
    expect(
      await warned(
        'sets: { s: [EUR, GBP] }\nrules: [{ id: a, effect: allow, tool: refund, where: { currency: { in: { $set: s } } } }]',
      ),
    ).toEqual([expect.stringMatching(/^3:\d+: refund: it can never be "GBP"/)]);
  });

  it('leaves a pattern alone that makes sense for some of its tools', async () => {
    expect(await warned('rules: [{ id: a, effect: allow, tool: "*", where: { q: x } }]')).toEqual(
      [],
    );
  });

  it('finds sets and variables that nothing uses', async () => {
    expect(await warned('sets: { s: [1] }\nenv: { E: { type: text } }')).toEqual([
      '2:9: nothing uses the set "s"',
      '3:8: nothing uses the variable "E"',
    ]);
  });

  it('runs the tests, and says where one fails and why', async () => {
    const { tests } = await check(
      'rules: [{ id: a, effect: allow, tool: search, who: { role: staff } }]\ntests:\n  - { call: search, as: { id: ann, role: staff }, expect: allow, rule: a }\n  - { call: search, as: { id: ann, role: [other] }, expect: allow }\n  - { call: search, as: { role: staff }, expect: allow, rule: b }',
    );
    expect(tests.map(({ passed, at }) => [passed, at.line, at.message])).toEqual([
      [true, 4, 'search {}: allow'],
      [false, 5, 'search {}: allow: expected allow, decided deny'],
      [false, 6, 'search {}: allow: expected allow by b, decided allow by a'],
    ]);
    expect(tests[1]?.explanation.nearest?.rule).toBe('a');
  });

  it('finds tests and facts about tools that there are not', async () => {
    const { errors } = await check(`facts: { refnd: money, drop: destructive }
default: ask
tests:
  - { call: refnd, expect: ask }
  - { call: refnd, source: mcp.example, expect: ask }
  - { call: refnd, source: app, expect: ask }
  - { call: nothing, unknown: true, expect: ask }
  - { call: drop, unknown: true, expect: ask }`);
    expect(errors.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual([
      '2:10: "refnd" is none of the tools (did you mean "refund"?)',
      '5:13: "refnd" is none of the tools (did you mean "refund"?); a test of a tool that there is not says unknown: true',
      '7:13: "refnd" is none of the tools (did you mean "refund"?); a test of a tool that there is not says unknown: true',
      '9:13: "drop" is one of the tools; leave unknown out',
    ]);
    expect((await check('facts: { refnd: money }\ntests: []', null)).errors).toEqual([]);
  });

  it('reports a file that cannot be read', async () => {
    const report = await checkPolicyFile('/nowhere/p.yaml');
    expect(report).toMatchObject({ file: '/nowhere/p.yaml', rules: 0, tests: [] });
    expect(report.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('it cannot be read: ENOENT'),
    ]);
  });

  it('tests what a layer that restricts has no opinion of', async () => {
    const { tests } = await check(
      'layer: restricts\nrules: [{ id: a, effect: ask, tool: drop }]\ntests: [{ call: search, expect: none }, { call: drop, expect: ask }]',
    );
    expect(tests.map(({ passed }) => passed)).toEqual([true, true]);
  });
});
