import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Ran, runCli } from '../../../../test/support/run-cli.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'guardstile-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const policy = (...args: readonly string[]): Promise<Ran> => runCli('policy', ...args);

const GOOD = `version: 1
rules: [{ id: small, effect: allow, tool: refund, where: { amount: { lte: 5 } } }]
tests: [{ call: refund, args: { amount: 5 }, expect: allow, rule: small }]
`;

const TOOLS = `export const tools = {
  refund: { type: 'object', properties: { amount: { type: 'number' } } },
};`;

describe('guardstile policy check', () => {
  it('answers 0 for a good file, and says what it skipped', async () => {
    const path = file('good.yaml', GOOD);
    const { code, out } = await policy('check', path);
    expect(code).toBe(0);
    expect(out).toContain('skipped: rules, tests and facts about no tool (pass --tools');
    expect(out).toContain(`${path}: OK, 1 rule, 1 test passed`);
    const withTools = await policy('check', path, '--tools', file('tools.mjs', TOOLS));
    expect(withTools).toEqual({ code: 0, out: `${path}: OK, 1 rule, 1 test passed\n`, error: '' });
  });

  it('answers 1 for warnings', async () => {
    const path = file('a.yaml', GOOD.replace('lte: 5', 'lte: 5, gte: 9').replace(/tests.*\n/, ''));
    const { code, out } = await policy('check', path);
    expect(code).toBe(1);
    expect(out).toContain(`${path}:2:60: warning: no number is within these bounds`);
  });

  it('answers 3 for an invalid file, with the place and what was meant', async () => {
    const path = file('a.yaml', GOOD.replace('effect', 'efect'));
    const { code, out } = await policy('check', path);
    expect(code).toBe(3);
    expect(out).toContain(
      `${path}:2:22: error: "efect" is not known in a rule (did you mean "effect"?)`,
    );
    expect(out).toContain('INVALID');
  });

  it('answers 3 for a rule about no tool, where it knows the tools', async () => {
    const path = file('a.yaml', GOOD.replaceAll('refund', 'refnd'));
    const { code, out } = await policy('check', path, '--tools', file('tools.mjs', TOOLS));
    expect(code).toBe(3);
    expect(out).toContain('"refnd" matches none of the tools (did you mean "refund"?)');
  });

  it('answers 4 for a failed test, and explains the decision', async () => {
    const path = file('a.yaml', GOOD.replace('amount: 5 }, expect', 'amount: 6 }, expect'));
    const { code, out } = await policy('check', path);
    expect(code).toBe(4);
    expect(out).toContain('expected allow by small, decided deny');
    expect(out).toContain('nearest: small (amount is 6, rule wants lte 5)');
  });

  it('answers 2 for wrong use', async () => {
    expect((await policy('check')).code).toBe(2);
    const { code, error } = await policy('check', file('a.yaml', GOOD), '--tools', 'nope.mjs');
    expect([code, error]).toEqual([2, expect.stringContaining('nope.mjs cannot be imported')]);
  });

  it('answers with the worst of several files, as JSON where that is wanted', async () => {
    const [good, bad] = [file('a.yaml', GOOD), file('b.yaml', 'version: 2')];
    const { code, out } = await policy('check', good, bad, '--json');
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject([
      { file: good, errors: [], tests: [{ passed: true }] },
      { file: bad, errors: [{ line: 1, column: 10 }] },
    ]);
  });

  it('reports a file that cannot be read beside the others', async () => {
    const [good, missing] = [file('a.yaml', GOOD), join(directory, 'missing.yaml')];
    const { code, out } = await policy('check', good, missing, '--json');
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject([
      { file: good, errors: [], tests: [{ passed: true }] },
      { file: missing, errors: [{ message: expect.stringContaining('ENOENT') as string }] },
    ]);
    const text = await policy('check', missing, good);
    expect(text.out).toContain(`${missing}:1:1: error: it cannot be read`);
    expect(text.out).toContain(`${good}: OK`);
  });

  it('answers 3 for tests and facts about no tool, where it knows the tools', async () => {
    const path = file(
      'a.yaml',
      GOOD.replace('rule: small }]', 'rule: small }, { call: refnd, expect: deny }]') +
        'facts: { refnd: money }',
    );
    const { code, out } = await policy('check', path, '--tools', file('tools.mjs', TOOLS));
    expect(code).toBe(3);
    expect(
      out.match(/error: "refnd" is none of the tools \(did you mean "refund"\?\)/g),
    ).toHaveLength(2);
  });

  it('makes what a file hides visible', async () => {
    const { out } = await policy('check', file('a.yaml', 'version: 1\n"a\\u202Eb\\u001B[2J": 1'));
    expect(out).toContain('\\u{202e}');
    expect(out).not.toContain('\u001B');
  });
});

describe('guardstile policy test', () => {
  it('runs the tests of a file', async () => {
    const path = file('a.yaml', GOOD);
    expect(await policy('test', path)).toEqual({
      code: 0,
      out: `${path}: 1 test passed\n`,
      error: '',
    });
    expect((await policy('test', path, '--verbose')).out).toContain(
      'ok      refund {"amount":5}: allow',
    );
  });

  it('runs those of the other files where one is invalid', async () => {
    const [bad, good] = [file('a.yaml', 'version: 2'), file('b.yaml', GOOD)];
    const { code, out, error } = await policy('test', bad, good);
    expect([code, out]).toEqual([3, `${good}: 1 test passed\n`]);
    expect(error).toBe(`${bad}:1:10: error: it cannot be 2; use 1\n`);
    const json = await policy('test', good, bad, '--json');
    expect([json.code, JSON.parse(json.out)]).toMatchObject([3, [{ passed: true }]]);
  });

  it('answers 4 where one fails, 3 for an invalid file and 2 where there is none', async () => {
    expect(
      (await policy('test', file('a.yaml', GOOD.replace('expect: allow', 'expect: ask')))).code,
    ).toBe(4);
    expect((await policy('test', file('b.yaml', 'version: 2'))).code).toBe(3);
    expect((await policy('test', file('c.yaml', 'version: 1'))).code).toBe(2);
  });
});

describe('guardstile policy explain', () => {
  it('answers with the verdict, and why', async () => {
    const path = file(
      'a.yaml',
      GOOD.replace('tool: refund,', 'tool: refund, who: { role: staff },'),
    );
    const staff = await policy(
      'explain',
      path,
      'refund',
      '{"amount":5}',
      '--as',
      'ann',
      '--role',
      'staff',
    );
    expect(staff.code).toBe(0);
    expect(staff.out).toContain('ALLOW by rule "small"');
    const other = await policy('explain', path, 'refund', '{"amount":9}', '--role', 'guest');
    expect(other.code).toBe(4);
    expect(other.out).toContain(
      'nearest: small (role is ["guest"], rule wants staff; amount is 9, rule wants lte 5)',
    );
    const json = await policy('explain', path, 'refund', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ verdict: 'deny', tool: 'refund' });
  });

  it('takes the members of a set that the application gives', async () => {
    const path = file(
      'a.yaml',
      'version: 1\nsets: { s: { given: text } }\nrules: [{ id: a, effect: allow, tool: x, where: { to: { in: { $set: s } } } }]',
    );
    expect((await policy('explain', path, 'x', '{"to":"B"}', '--set', 's=A,B')).code).toBe(0);
    expect((await policy('explain', path, 'x', '{"to":"C"}', '--set', 's=A,B')).code).toBe(4);
  });

  it('takes roles before its arguments, and several of them', async () => {
    const path = file(
      'a.yaml',
      'version: 1\nrules: [{ id: a, effect: allow, tool: x, who: { role: b } }]',
    );
    expect((await policy('explain', '--role', 'b', path, 'x')).code).toBe(0);
    expect((await policy('explain', '--role', 'a', '--role', 'b', path, 'x')).code).toBe(0);
    expect((await policy('explain', '--role', 'a', path, 'x')).code).toBe(4);
  });

  it('answers 3 for a set that the file does not leave to the application', async () => {
    const path = file('a.yaml', 'version: 1\nsets: { payees: { given: text, example: [A] } }');
    const { code, error } = await policy('explain', path, 'x', '{}', '--set', 'payes=A');
    expect(code).toBe(3);
    expect(error).toContain('the file leaves no set "payes" to the application (did you mean');
  });

  it('says what all rules that ask need together', async () => {
    const path = file(
      'a.yaml',
      `version: 1
default: allow
rules:
  - { id: a, effect: ask, tool: pay, approve: { by: 'role:finance', expires: 4h, onExpiry: { escalateTo: boss } } }
  - { id: b, effect: ask, tool: pay, approve: { by: [ann, bob], quorum: 2, onExpiry: { escalateTo: boss } } }
  - { id: c, effect: deny, mode: shadow, tool: pay }
`,
    );
    const { code, out } = await policy('explain', path, 'pay');
    expect(code).toBe(1);
    expect(out).toContain('needs 1 of role:finance and 2 of ann, bob\n');
    expect(out).toContain('if nobody answers within 4h, boss may answer too, for as long again\n');
    expect(out).toContain('would be DENY instead of ASK if "c" were enforced\n');
  });

  it('answers 2 for arguments that are no JSON, 3 for an invalid file', async () => {
    expect((await policy('explain', file('a.yaml', GOOD), 'refund', '{')).code).toBe(2);
    expect((await policy('explain', file('b.yaml', 'version: 2'), 'refund')).code).toBe(3);
  });
});

describe('guardstile policy schema', () => {
  it('prints a schema that knows the tools', async () => {
    const { code, out } = await policy('schema', '--tools', file('tools.mjs', TOOLS));
    expect(code).toBe(0);
    expect(JSON.stringify(JSON.parse(out))).toContain('{"const":"refund"}');
  });
});

describe('a command whose output nobody reads', () => {
  it.each([
    ['schema', 0, []],
    ['check', 3, ['nowhere.yaml']],
  ] as const)('ends quietly, as it would anyway: %s', async (command, code, rest) => {
    const main = join(import.meta.dirname, '../../dist/main.js');
    const child = spawn(process.execPath, [main, 'policy', command, ...rest]);
    child.stdout.destroy();
    let error = '';
    child.stderr.on('data', (text) => (error += String(text)));
    const [exit] = (await once(child, 'close')) as readonly unknown[];
    expect([exit, error]).toEqual([code, '']);
  });
});

describe('the help', () => {
  it.each(['check', 'explain', 'test', 'schema', 'keygen', 'sign'])(
    'of %s shows an example',
    async (command) => {
      const { code, out } = await policy(command, '--help');
      expect(code).toBe(0);
      expect(out).toMatch(/guardstile policy|tests:/);
    },
  );
});
