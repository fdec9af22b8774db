import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isGuardError } from '@guardstile/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { checkPolicyFile } from './check-policy-file.ts';
import { comparePolicies } from './learn/compare-policies.ts';
import { learnPolicy } from './learn/learn-policy.ts';
import { loadPolicy } from './load-policy.ts';
import { policyFile } from './policy-file.ts';
import { testPolicy } from './test-policy.ts';

function refusal(text: string): string {
  try {
    loadPolicy({ text, name: 'p.yaml' });
  } catch (error) {
    if (isGuardError(error) && error.code === 'policy_invalid') return error.message;
    throw error;
  }
  return 'loaded';
}

const rule = '{ id: a, effect: allow, tool: x }';

/** Each with where it is and a part of what is said of it. */
const refused: ReadonlyArray<readonly [what: string, text: string, said: string]> = [
  ['an empty file', '', 'p.yaml:1:1: it is empty'],
  ['a file without a version', 'rules: []', 'p.yaml:1:1: it is missing; use 1'],
  ['another version', 'version: 2', 'p.yaml:1:10: it cannot be 2; use 1'],
  ['a version in quotes', 'version: "1"', 'p.yaml:1:10: it cannot be "1"; use 1'],
  [
    'a number that is another one to other readers',
    'version: 1\nrules: [{ id: a, effect: allow, tool: x, where: { n: { lte: 0777 } } }]',
    'p.yaml:2:61: 0777 can be read as two numbers; write it without the 0, or as text',
  ],
  [
    'a tool with a space before its name',
    "version: 1\nrules: [{ id: a, effect: deny, tool: ' refund' }]",
    'p.yaml:2:38: tool starts or ends with a space',
  ],
  [
    'an id of a space',
    "version: 1\nrules: [{ id: ' ', effect: deny, tool: x }]",
    'p.yaml:2:15: the id of a rule starts or ends with a space',
  ],
  [
    'an id with a character that cannot be seen',
    'version: 1\nrules: [{ id: "a\\0", effect: deny, tool: x }]',
    'p.yaml:2:15: the id of a rule has control or format characters',
  ],
  [
    'an empty set where some tool has to be named',
    'version: 1\nsets: { s: [] }\nrules: [{ id: a, effect: deny, tool: { $set: s } }]',
    'tool is an empty list',
  ],
  [
    'an unknown key',
    'version: 1\nrulse: []',
    'p.yaml:2:1: "rulse" is not known here (did you mean "rules"?)',
  ],
  [
    'an unknown key of a rule',
    'version: 1\nrules:\n  - id: a\n    efect: allow\n    tool: x',
    'p.yaml:4:5: "efect" is not known in a rule (did you mean "effect"?)',
  ],
  [
    'an unknown operator',
    'version: 1\nrules: [{ id: a, effect: allow, tool: x, where: { n: { ltee: 5 } } }]',
    'p.yaml:2:56: "ltee" is no operator (did you mean "lte"?)',
  ],
  [
    'a regular expression that takes more than linear time',
    "version: 1\nrules: [{ id: a, effect: allow, tool: x, where: { n: { matches: '(?=a)b' } } }]",
    'p.yaml:2:65: invalid or unsupported Perl syntax: `(?=` (RE2 syntax, for linear time',
  ],
  [
    'an unknown effect',
    'version: 1\nrules: [{ id: a, effect: alow, tool: x }]',
    'p.yaml:2:26: effect cannot be "alow" (did you mean "allow"?)',
  ],
  [
    'an unknown mode',
    'version: 1\nmode: readonly',
    'p.yaml:2:7: mode cannot be "readonly" (did you mean "readOnly"?)',
  ],
  ['an unknown default', 'version: 1\ndefault: alow', '(did you mean "allow"?)'],
  [
    'a default beside a mode',
    'version: 1\nmode: default\ndefault: allow',
    'p.yaml:3:10: default and mode',
  ],
  [
    'a default of a layer that restricts',
    'version: 1\nlayer: restricts\ndefault: ask',
    'no opinion',
  ],
  [
    'a duplicate id',
    `version: 1\nrules:\n  - ${rule}\n  - ${rule}`,
    'p.yaml:4:11: the id "a" is taken',
  ],
  [
    'a duplicate key',
    'version: 1\nmode: default\nmode: dontAsk',
    'p.yaml:3:1: "mode" is there twice',
  ],
  ['a tab as indentation', 'version: 1\nrules:\n\t- a', 'p.yaml:3:1: Tabs are not allowed'],
  ['broken YAML', 'version: 1\nrules: [', 'p.yaml:2:9'],
  ['several documents', 'version: 1\n---\nversion: 1', 'several documents'],
  [
    'an alias',
    'version: 1\ndeny: &a [x]\nallow: *a',
    'p.yaml:3:8: an alias (*a) is not supported; use sets',
  ],
  ['a tag', 'version: 1\ndeny: !!set { x }', 'a tag (tag:yaml.org,2002:set)'],
  ['a tag that runs code elsewhere', 'version: 1\ndeny: !!js/function "x"', 'tag'],
  ['a directive', '%YAML 1.1\n---\nversion: 1', 'a %YAML directive'],
  ['a list', '- version: 1', 'it has to be of type object'],
  ['a key that is no text', 'version: 1\n? [a]\n: 1', 'keys must be strings'],
  [
    'NaN where a number is due',
    'version: 1\nrules: [{ id: a, effect: allow, tool: x, where: { n: { lte: .nan } } }]',
    'lte needs a finite number',
  ],
  [
    'infinity where a number is due',
    'version: 1\nrules: [{ id: a, effect: allow, tool: x, where: { n: { lte: .inf } } }]',
    'lte needs a finite number',
  ],
  [
    'text where a number is due',
    "version: 1\nrules: [{ id: a, effect: allow, tool: x, where: { n: { lte: '5' } } }]",
    'p.yaml:2:61: lte needs a finite number',
  ],
  [
    'a number that cannot be held exactly',
    'version: 1\nrules: [{ id: a, effect: allow, tool: x, where: { n: { lte: 9007199254740993 } } }]',
    'cannot be held exactly',
  ],
  [
    'a when, which is for code',
    "version: 1\nrules: [{ id: a, effect: allow, tool: x, when: 'true' }]",
    'conditions that are data go into where',
  ],
  [
    'a set that is not there',
    'version: 1\nsets: { payees: [A] }\nrules: [{ id: a, effect: allow, tool: x, where: { n: { in: { $set: payes } } } }]',
    'p.yaml:3:68: there is no set "payes" in this file (did you mean "payees"?)',
  ],
  [
    'a reference beside something else',
    'version: 1\nsets: { s: [A] }\nrules: [{ id: a, effect: allow, tool: { $set: s, more: 1 } }]',
    'and nothing else',
  ],
  [
    'an unknown fact',
    'version: 1\nfacts: { x: readonly }',
    'p.yaml:2:13: it cannot be "readonly" (did you mean "readOnly"?)',
  ],
  [
    'a set that is neither a list nor given',
    'version: 1\nsets: { s: { gven: text } }',
    '(did you mean "given"?)',
  ],
  [
    'an obligation that nobody could honour',
    'version: 1\nrules: [{ id: a, effect: allow, tool: x, obligations: [{ type: notify }] }]',
    'p.yaml:2:64: what the guard does with a result cannot be "notify"; use redact, cap, label',
  ],
  [
    'an unknown key of a test',
    'version: 1\ntests: [{ cal: x, expect: allow }]',
    '(did you mean "call"?)',
  ],
  [
    'an unknown expectation',
    'version: 1\ntests: [{ call: x, expect: alow }]',
    'p.yaml:2:28: it cannot be "alow" (did you mean "allow"?)',
  ],
  [
    'users beside agents',
    'version: 1\nusers: [{ id: a, policy: {} }]\nagents: [{ id: a, policy: {} }]',
    'by users or by agents',
  ],
  [
    'the same user twice',
    'version: 1\nusers: [{ id: a, policy: {} }, { id: a, policy: {} }]',
    '"a" has a policy already',
  ],
  [
    'a user whose policy only restricts',
    'version: 1\nusers: [{ id: a, policy: { layer: restricts } }]',
    'a chosen policy has to grant',
  ],
  [
    'an unknown key of a user’s policy',
    'version: 1\nusers: [{ id: a, policy: { mod: default } }]',
    'p.yaml:2:28: "mod" is not known here (did you mean "mode"?)',
  ],
  [
    'a wrong value in a user’s policy',
    'version: 1\nusers: [{ id: a, policy: { mode: defalt } }]',
    'p.yaml:2:34: mode cannot be "defalt"',
  ],
  ['an include of a text without a place', 'version: 1\ninclude: [b.yaml]', 'load it by its path'],
  ['10,000 levels', `version: 1\nrules: ${'['.repeat(10_000)}`, 'nested too deeply'],
  ['100 levels', `version: 1\nrules: ${'['.repeat(100)}${']'.repeat(100)}`, 'nested too deeply'],
];

describe('a policy file is refused for', () => {
  it.each(refused)('%s', (_, text, said) => {
    expect(refusal(text)).toContain(said);
  });

  it('a bomb of aliases, before it goes off', () => {
    const levels = Array.from({ length: 26 }, (_, i) =>
      i === 0 ? 'l0: &l0 [x, x]' : `l${i}: &l${i} [*l${i - 1}, *l${i - 1}, *l${i - 1}]`,
    );
    expect(refusal(`version: 1\n${levels.join('\n')}`)).toContain('an alias');
  });

  it('20,000 keys of which one is there twice, without comparing each with each', () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`);
    expect(refusal(`${keys.join('\n')}\nk7: 1`)).toContain('"k7" is there twice');
  });

  it('10 MB of text', () => {
    expect(refusal(`version: 1\n# ${'x'.repeat(10_000_000)}`)).toContain('it is larger than');
  });

  it('a polluted prototype says nothing', () => {
    expect(refusal('version: 1\n__proto__: { mode: bypassPermissions }')).toContain('__proto__');
  });

  it('everything that is wrong with it at once, ten of it in words', () => {
    const rules = Array.from({ length: 12 }, (_, i) => `  - { id: r${i}, effect: alow, tool: x }`);
    const message = refusal(`version: 1\nrules:\n${rules.join('\n')}`);
    expect(message.split('; p.yaml:')).toHaveLength(10);
    expect(message).toContain('and 2 more');
  });
});

describe('files on disk', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'guardstile-policy-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };

  // The time to look for it does not grow with the square of a line: this would take minutes then.
  it('lines that are just short enough are read, and one more letter is not', () => {
    const line = `# ${'x'.repeat(99_997)}\n`;
    const text = `${line.repeat(40)}version: 1`;
    expect(loadPolicy({ text, name: 'p.yaml' }).rules).toEqual([]);
    expect(() => loadPolicy({ text: `x${text}`, name: 'p.yaml' })).toThrow('100,000 letters');
  });

  it('a file that is not there is refused', () => {
    expect(() => loadPolicy(join(directory, 'nope.yaml'))).toThrow(
      /nope\.yaml:1:1: it cannot be read/,
    );
  });

  it('a file that is no UTF-8 is refused', () => {
    expect(() => loadPolicy(write('a.yaml', Buffer.from([0x76, 0xff, 0xfe])))).toThrow(
      /cannot be read/,
    );
  });

  it('a file of 10 MB is not even read', () => {
    const path = write('a.yaml', Buffer.alloc(10_000_000, 35));
    expect(() => loadPolicy(path)).toThrow(/larger than/);
  });

  it('an included file counts as if written there, and errors name it', () => {
    write('sets.yaml', 'version: 1\nsets: { readers: [a, b] }\ndeny: [c]');
    write(
      'rules.yaml',
      `version: 1\ninclude: [sets.yaml]\nrules:\n  - { id: r, effect: allow, tool: { $set: readers } }`,
    );
    const main = write(
      'main.yaml',
      'version: 1\ninclude: [rules.yaml, sets.yaml]\nrules: [{ id: c, effect: allow, tool: c }]',
    );
    const policy = loadPolicy(main);
    expect(policy.explain({ tool: 'b' }).rule).toBe('r');
    expect(policy.explain({ tool: 'c' }).verdict).toBe('deny');

    write('rules.yaml', 'version: 1\nrules:\n  - { id: c, effect: allow, tool: x }');
    expect(() => loadPolicy(main)).toThrow(/rules\.yaml:3:11: the id "c" is taken by another rule/);
    write('rules.yaml', 'version: 1\nmode: bypassPermissions');
    expect(() => loadPolicy(main)).toThrow(/rules\.yaml:2:1: "mode" is not known here/);
    write('rules.yaml', 'version: 1\ninclude: [gone.yaml]');
    expect(() => loadPolicy(main)).toThrow(/rules\.yaml:2:11: gone\.yaml cannot be read/);
    write('rules.yaml', 'version: 1\nsets: { readers: [z] }');
    expect(() => loadPolicy(main)).toThrow(/"readers" is there already, in another file/);
  });

  it('files that include each other are read once', () => {
    write(
      'b.yaml',
      'version: 1\ninclude: [a.yaml, b.yaml]\nrules: [{ id: b, effect: allow, tool: b }]',
    );
    const a = write(
      'a.yaml',
      'version: 1\ninclude: [b.yaml]\nrules: [{ id: a, effect: allow, tool: a }]',
    );
    expect(loadPolicy(a).rules).toEqual(['a', 'b']);
  });
});

describe('what the application passes', () => {
  const empty = { text: 'version: 1', name: 'p.yaml' };

  it('is refused where nobody reads it', async () => {
    const wrong = { wach: true };
    const tried: readonly (() => unknown)[] = [
      () => loadPolicy(empty, wrong as object),
      () => testPolicy(empty, wrong as object),
      () => policyFile('p.yaml', wrong as object),
      () => checkPolicyFile(empty, wrong as object),
      () => comparePolicies(empty, empty, wrong as object),
      () => learnPolicy(() => [], wrong as object),
    ];
    for (const attempt of tried) {
      await expect((async () => attempt())()).rejects.toMatchObject({
        code: 'options_invalid',
        message: expect.stringContaining('"wach" is not an option') as string,
      });
    }
  });

  it('as a set is refused where the file leaves none of that name to it', () => {
    const given = {
      text: 'version: 1\nsets: { payees: { given: text }, own: [A] }',
      name: 'p.yaml',
    };
    const load = (sets: Readonly<Record<string, readonly string[]>>) => (): unknown =>
      loadPolicy(given, { sets, examples: true });
    expect(load({ payees: ['B'] })).not.toThrow();
    expect(load({ payes: ['B'] })).toThrow(
      'p.yaml:2:1: the file leaves no set "payes" to the application (did you mean "payees"?)',
    );
    expect(load({ own: ['B'] })).toThrow('the file leaves no set "own" to the application');
  });

  it('as a value of the environment is refused once, for what it is', () => {
    const text = `version: 1
env: { MAX: { type: number } }
rules: [{ id: a, effect: allow, tool: x, where: { n: { lte: { $env: MAX } } } }]`;
    expect(() => loadPolicy({ text, name: 'p.yaml' }, { env: { MAX: 'many' } })).toThrow(
      /^p.yaml:2:8: the environment variable MAX has to be a number; set it, or give a default$/,
    );
  });
});
