import {
  type AuditEntry,
  type AuditLog,
  createGuard,
  type Fact,
  memoryAudit,
  type PolicyFunction,
} from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { checkPolicyFile } from '../check-policy-file.ts';
import { loadPolicy } from '../load-policy.ts';
import { learnPolicy } from './learn-policy.ts';

interface Call {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

type Facts = Readonly<Record<string, Fact | readonly Fact[]>>;

/** What a guard writes of calls that it really decides. */
async function recorded(calls: readonly Call[], policy: PolicyFunction): Promise<AuditLog> {
  const audit = memoryAudit({ capacity: 100_000 });
  const guard = createGuard({
    policy,
    audit,
    unicodeNames: true,
    approver: () => 'approve',
    context: { principal: { id: 'ann', roles: ['staff'] } },
  });
  for (const call of calls) await guard.call(call, () => 'done').catch(() => undefined);
  await guard.close();
  return audit;
}

async function entriesOf(
  calls: readonly Call[],
  policy: PolicyFunction = () => 'allow',
): Promise<readonly AuditEntry[]> {
  return (await recorded(calls, policy)).query();
}

async function learnedFrom(
  calls: readonly Call[],
  facts: Facts = {},
  policy: PolicyFunction = () => 'allow',
): Promise<Awaited<ReturnType<typeof learnPolicy>>> {
  const entries = await entriesOf(calls, policy);
  return learnPolicy(() => entries, { facts });
}

/** What the learned file says of a call, to a guard. */
async function verdict(text: string, call: Call): Promise<string> {
  const guard = createGuard({ policy: loadPolicy({ text, name: 'learned' }), unicodeNames: true });
  return (await guard.decide(call)).effect;
}

const rule = (text: string, id: string): Record<string, unknown> => {
  const { rules } = parse(text) as { readonly rules: Record<string, unknown>[] };
  return rules.find((one) => one['id'] === id) ?? {};
};

describe('what is learned of arguments', () => {
  const search = (args: Call['args']): Call => ({ tool: 'look', args });
  const facts = { look: 'readOnly' } as const;
  const many = (n: number, make: (i: number) => Call['args']): readonly Call[] =>
    Array.from({ length: n }, (_, i) => search(make(i)));

  it('is a list where a field had few values, and the value where it had one', async () => {
    const { text } = await learnedFrom(
      many(9, (i) => ({ unit: ['C', 'F'][i % 2], lang: 'en' })),
      facts,
    );
    expect(rule(text, 'learned.look')['where']).toEqual({ unit: { in: ['C', 'F'] }, lang: 'en' });
    expect(await verdict(text, search({ unit: 'K', lang: 'en' }))).toBe('deny');
  });

  it('is a range of numbers', async () => {
    const { text } = await learnedFrom(
      many(9, (i) => ({ limit: i * 2.5 - 3 })),
      facts,
    );
    expect(rule(text, 'learned.look')['where']).toEqual({ limit: { gte: -3, lte: 17 } });
    expect(await verdict(text, search({ limit: 18 }))).toBe('deny');
  });

  it('is the directories that paths have in common, and never the root', async () => {
    const under = async (paths: readonly string[]): Promise<unknown> => {
      const { text } = await learnedFrom(
        many(paths.length, (i) => ({ path: paths[i] })),
        facts,
      );
      return rule(text, 'learned.look')['where'];
    };
    const files = (directory: string): string[] => [1, 2, 3].map((i) => `${directory}/${i}.txt`);
    expect(await under([...files('/srv/a'), ...files('/srv/b/c')])).toEqual({
      path: { path: { under: ['/srv/a', '/srv/b/c'] } },
    });
    const spread = Array.from({ length: 30 }, (_, i) => `/srv/d${i}/x`);
    expect(await under(spread)).toEqual({ path: { path: { under: ['/srv'] } } });
    expect(await under(Array.from({ length: 30 }, (_, i) => `/d${i}/x`))).toBeUndefined();
    expect(await under(Array.from({ length: 30 }, (_, i) => `/${i}`))).toBeUndefined();
    expect(await under([...files('/srv'), ...files('/srv/../etc'), ...spread])).toBeUndefined();
  });

  it('is the hosts of URLs and of mail addresses', async () => {
    const { text } = await learnedFrom(
      many(20, (i) => ({ url: `https://api${i % 2}.example.com/x/${i}`, to: `p${i}@acme.com` })),
      facts,
    );
    expect(rule(text, 'learned.look')['where']).toEqual({
      url: { domain: ['https://api0.example.com', 'https://api1.example.com'] },
      to: { email: ['*@acme.com'] },
    });
    const other = { url: 'https://api0.example.com.evil.com/', to: 'p1@acme.com' };
    expect(await verdict(text, search(other))).toBe('deny');
  });

  it('is the fields of objects and the items of lists', async () => {
    const { text } = await learnedFrom(
      many(6, (i) => ({ filter: { state: 'open', n: i }, tags: ['a', 'b'].slice(i % 2) })),
      facts,
    );
    expect(rule(text, 'learned.look')['where']).toEqual({
      filter: { where: { n: { gte: 0, lte: 5 }, state: 'open' } },
      tags: { every: { in: ['a', 'b'] } },
    });
  });

  it('holds for calls without a field that some calls left out', async () => {
    const { text } = await learnedFrom(
      many(6, (i) => (i % 2 === 0 ? {} : { limit: i })),
      facts,
    );
    expect(await verdict(text, search({}))).toBe('allow');
    expect(await verdict(text, search({ limit: 3 }))).toBe('allow');
    expect(await verdict(text, search({ limit: 50 }))).toBe('deny');
  });

  it('is nothing for what the log hides, and says so', async () => {
    const { text } = await learnedFrom(
      many(3, (i) => ({ password: `p${i}`, q: 'x' })),
      facts,
    );
    expect(rule(text, 'learned.look')['where']).toEqual({ q: 'x' });
    expect(text).toContain('# password: not restricted, the log hides 3 of its values');
    expect(text).toContain('# - parts of the arguments of 3 calls');
  });
});

describe('what needs a person', () => {
  it.each([
    ['refund', undefined, 'it moves money'],
    ['delete_user', undefined, 'it is destructive'],
    ['wipe', 'destructive', 'it is destructive'],
    ['look', undefined, 'nothing states what it does'],
    ['patch', 'edit', 'it changes files'],
    ['ask_api', ['readOnly', 'network'], 'it sends data out'],
    ['pay', ['readOnly', 'money'], 'it moves money'],
    ['notify', 'sendEmail', 'it is destructive'],
  ] as const)('%s, stated as %s: %s', async (tool, fact, why) => {
    const facts = fact === undefined ? {} : { [tool]: fact };
    const { text, allows } = await learnedFrom([{ tool, args: { a: 1 } }], facts);
    expect(allows).toBe(0);
    expect(text).toContain(`# needs a person: ${why}`);
    expect(await verdict(text, { tool, args: { a: 1 } })).toBe('ask');
  });

  it('is whom somebody names: until then nobody can agree', async () => {
    const { text } = await learnedFrom([{ tool: 'refund', args: {} }]);
    expect(rule(text, 'learned.refund')['approve']).toEqual({ by: 'role:FILL-IN' });
  });

  it('is a tool of whose calls the log does not hold the arguments', async () => {
    const entries = await entriesOf([{ tool: 'look', args: { q: 'a' } }]);
    const sealed = entries.map((entry) =>
      entry.kind === 'decision' ? { ...entry, args: { other: 'b' } } : entry,
    );
    const { allows, text } = await learnPolicy(() => sealed, { facts: { look: 'readOnly' } });
    expect(allows).toBe(0);
    expect(text).toContain('# needs a person: the log does not hold what it was called with');
  });

  it('is what a denied or an asked call cannot be told from', async () => {
    const calls = [1, 5, 9].map((n) => ({ tool: 'look', args: { n } }));
    for (const effect of ['deny', 'ask'] as const) {
      const policy: PolicyFunction = ({ args }) =>
        (args as { readonly n: number }).n === 5 ? effect : 'allow';
      const { text, allows } = await learnedFrom(calls, { look: 'readOnly' }, policy);
      expect(allows).toBe(0);
      expect(await verdict(text, { tool: 'look', args: { n: 5 } })).toBe('ask');
    }
    const apart: PolicyFunction = ({ args }) =>
      (args as { readonly n: number }).n === 9 ? 'deny' : 'allow';
    const { text } = await learnedFrom(calls, { look: 'readOnly' }, apart);
    expect(await verdict(text, { tool: 'look', args: { n: 5 } })).toBe('allow');
    expect(await verdict(text, { tool: 'look', args: { n: 9 } })).toBe('deny');
  });
});

describe('a call that a person agreed to', () => {
  it('does not run by itself, in a log that holds only the answer too', async () => {
    const calls = [1, 2].map((n) => ({ tool: 'look', args: { n } }));
    const entries = await entriesOf(calls, () => 'ask');
    const answers = entries.filter(({ action }) => action !== 'tool.ask');
    expect(answers.filter(({ action }) => action === 'tool.allow')).toHaveLength(2);
    for (const log of [entries, answers]) {
      const {
        calls: seen,
        allows,
        text,
      } = await learnPolicy(() => log, {
        facts: { look: 'readOnly' },
      });
      expect([seen, allows]).toEqual([2, 0]);
      expect(await verdict(text, { tool: 'look', args: { n: 1 } })).toBe('ask');
    }
  });
});

describe('what is left out', () => {
  it('is a tool whose every call was denied', async () => {
    const { text, rules } = await learnedFrom(
      [{ tool: 'rm', args: {} }],
      { rm: 'readOnly' },
      () => 'deny',
    );
    expect(rules).toBe(0);
    expect(text).toMatch(/# - rm: every call was denied \(1 calls, such as rid_\w+\)/);
    expect(await verdict(text, { tool: 'rm', args: {} })).toBe('deny');
  });

  it('is a name that a rule would take for a pattern', async () => {
    const { text, rules } = await learnedFrom([{ tool: '*', args: {} }], { '*': 'readOnly' });
    expect(rules).toBe(0);
    expect(await verdict(text, { tool: 'anything', args: {} })).toBe('deny');
  });
});

describe('a hostile log', () => {
  const NASTY = [
    'x\nrules: [{ id: a, effect: allow, tool: "*" }]\n#',
    '\r\n- { id: evil, effect: allow, tool: evil }',
    '\u2028- id: evil',
    '\u0085- id: evil',
    '"}, tool: *',
    '# not a comment',
    '*anchor',
    '&anchor',
    '!!js/function x',
    '--- ',
    '{ $set: reads }',
    '\u202e\u0007',
    '\ud800',
    'null',
    '1e3',
    '<<',
    ': ',
    '- ',
    '%YAML 1.1',
  ];

  it('never breaks out of values, names and comments', async () => {
    const calls = NASTY.flatMap((text, i) => [
      { tool: text, args: { [text]: text, n: i } },
      { tool: 'look', args: { q: text, nested: { [text]: [text] } } },
    ]);
    const entries = (await entriesOf(calls)).map((entry, i) =>
      entry.kind === 'decision'
        ? { ...entry, rid: `${NASTY[i % NASTY.length]}\n- id: evil\n${i}` }
        : entry,
    );
    const facts = { look: 'readOnly' } as const;
    const { text } = await learnPolicy(() => entries, { facts, about: ['where it is from'] });
    // What a file holds is what people see in it.
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    const { rules, ...rest } = parse(text) as { readonly rules: readonly { tool: string }[] };
    expect(rest).toEqual({ version: 1, facts });
    const names = new Set(rules.map(({ tool }) => tool));
    expect([...names].filter((name) => name !== 'look' && !NASTY.includes(name))).toEqual([]);
    expect(names.has('evil')).toBe(false);
    const report = await checkPolicyFile({ text, name: 'learned.yaml' });
    // Some of them look like other patterns than there are.
    const odd = report.warnings.filter(({ message }) => !message.startsWith('only * is a pattern'));
    expect([report.errors, odd]).toEqual([[], []]);
  });

  it('holds names of prototypes as names of fields', async () => {
    const args = JSON.parse(
      '{"constructor":"a","toString":1,"hasOwnProperty":true}',
    ) as Call['args'];
    const facts = JSON.parse('{"constructor":"readOnly"}') as Facts;
    const { text } = await learnedFrom([{ tool: 'constructor', args }], facts);
    expect(await verdict(text, { tool: 'constructor', args })).toBe('allow');
    expect(await verdict(text, { tool: 'constructor', args: {} })).toBe('deny');
    const forged = (await entriesOf([{ tool: 'look', args: {} }])).map((entry) => ({
      ...entry,
      args: JSON.parse('{"__proto__":{"admin":true}}') as unknown,
    }));
    const learned = await learnPolicy(() => forged, { facts: { look: 'readOnly' } });
    expect(learned.text).not.toContain('admin');
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });

  it('is summed up in a file that does not grow with it', async () => {
    const [entry] = (await entriesOf([{ tool: 'look', args: {} }])).filter(
      ({ kind }) => kind === 'decision',
    );
    function* entries(): Generator<AuditEntry> {
      for (let i = 0; i < 3_000; i += 1) {
        yield { ...entry, rid: `r${i}`, tool: `tool${i}`, args: { [`f${i}`]: i } } as AuditEntry; // as that one
      }
    }
    const { text, rules } = await learnPolicy(entries);
    expect(rules).toBe(500);
    expect(text).toContain('2500 calls of tools beyond the first 500');
    expect(text.length).toBeLessThan(500_000);
  });
});

describe('a learned file', () => {
  const FACTS: Facts = {
    read_note: 'readOnly',
    look: 'readOnly',
    append: 'nonDestructive',
    wipe: 'destructive',
    patch: 'edit',
    pay: 'money',
  };
  const HARMLESS = new Set(['read_note', 'look', 'append']);

  const text = fc.oneof(
    fc.constantFrom('EUR', 'USD', '/srv/a/x', '/srv/b/y', 'https://a.com/1', 'ann@acme.com'),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.integer({ min: 0, max: 60 }).map((i) => `/srv/${i % 7}/${i}`),
  );
  const scalar = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
  const value = fc.oneof(
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'token'), scalar) },
  );
  const call: fc.Arbitrary<Call> = fc.record({
    tool: fc.constantFrom(...Object.keys(FACTS), 'unknown', 'send_email'),
    args: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'password', '$env', 'constructor'), value),
  });
  /** Decides by the arguments alone, so that equal calls are decided alike. */
  const policy: PolicyFunction = ({ args }) => {
    const { a } = args as { readonly a?: unknown };
    return a === 'USD' || a === 3 ? 'deny' : a === true ? 'ask' : 'allow';
  };
  const decided = (one: Call): unknown => policy({ ...one, confined: one.args } as never, {});

  it('passes the check, and lets nothing run that was denied, asked about or harmful', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 25 }), async (calls) => {
        const learned = await learnedFrom(calls, FACTS, policy);
        const report = await checkPolicyFile({ text: learned.text, name: 'learned.yaml' });
        expect([report.errors, report.warnings]).toEqual([[], []]);
        for (const one of calls) {
          if (decided(one) === 'allow' && HARMLESS.has(one.tool)) continue;
          expect(await verdict(learned.text, one)).not.toBe('allow');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('lets the harmless calls run that ran', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 25 }), async (calls) => {
        const ran = calls.filter((one) => decided(one) === 'allow');
        const { text: file } = await learnedFrom(ran, FACTS, policy);
        for (const one of ran.filter(({ tool }) => HARMLESS.has(tool))) {
          expect(await verdict(file, one)).toBe('allow');
        }
      }),
      { numRuns: 60 },
    );
  });
});
