import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createAuditKeys, fileAudit } from '@guardstile/audit';
import { createGuard } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { run } from '../run.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function diff(...args: readonly string[]): Promise<Ran> {
  let [out, error] = ['', ''];
  const code = await run(['policy', 'diff', ...args], {
    out: (text) => (out += text),
    error: (text) => (error += text),
    interactive: false,
    signal: new AbortController().signal,
  });
  return { code, out, error };
}

function policies(...texts: readonly string[]): readonly string[] {
  const directory = temporaryDirectory();
  return texts.map((text, i) => {
    const path = join(directory, `${i}.yaml`);
    writeFileSync(path, `version: 1\n${text}\n`);
    return path;
  });
}

const upTo = (amount: number): string =>
  `rules: [{ id: small, effect: allow, tool: refund, where: { amount: { lte: ${amount} } } }]`;

/** A log of refunds, as a guard writes it. */
async function refunds(...amounts: readonly number[]): Promise<string> {
  const path = temporaryDirectory();
  const guard = createGuard({
    policy: () => 'allow',
    audit: fileAudit(path, createAuditKeys()),
    context: { principal: { id: 'ann', roles: ['staff'] } },
  });
  for (const amount of amounts) {
    await guard.call({ tool: 'refund', args: { amount, password: 'x' } }, () => 1);
  }
  await guard.close();
  return path;
}

describe('guardstile policy diff', () => {
  it('answers 0 where both files say the same', async () => {
    expect(await diff(...policies(upTo(5), `# again\n${upTo(5)}`))).toEqual({
      code: 0,
      out: 'Both files say the same.\n',
      error: '',
    });
  });

  it('answers 1 for a change that only takes away, and 4 for one that may widen', async () => {
    const more = policies(upTo(5), `${upTo(5)}\ndeny: [wipe]`);
    expect(await diff(...more)).toMatchObject({ code: 1, out: '+ deny wipe\n' });
    expect(await diff(...more.toReversed())).toMatchObject({
      code: 4,
      out: '- deny wipe  (may widen)\n',
    });
  });

  it('answers 2 for wrong use, and 3 for an invalid file or a rule about no tool', async () => {
    expect((await diff()).code).toBe(2);
    expect((await diff(...policies(upTo(5)))).code).toBe(2);
    expect((await diff(...policies(upTo(5), 'rule: []'))).code).toBe(3);
    const [good = '', misspelt = ''] = policies(upTo(5), upTo(5).replace('refund', 'refnd'));
    const tools = join(temporaryDirectory(), 'tools.mjs');
    writeFileSync(tools, "export const tools = { refund: { type: 'object' } };");
    expect((await diff(good, good, '--tools', tools)).code).toBe(0);
    const { code, error } = await diff(good, misspelt, '--tools', tools);
    expect([code, error]).toEqual([3, expect.stringContaining('did you mean "refund"')]);
  });

  it('answers by recorded calls with --replay, and shows them as a table', async () => {
    const log = await refunds(1, 4, 7, 8, 9);
    const [five = '', eight = ''] = policies(upTo(5), upTo(8));
    const wider = await diff(five, eight, '--replay', log);
    expect(wider.code).toBe(4);
    expect(wider.out).toContain(': 3 the same, 2 decided otherwise (2 widened), 0 cannot be told');
    expect(wider.out).toMatch(
      /deny → allow \(widens\) {2}2 {6}refund {2}\(no rule allows it\) {2}small {2}rid_\w+, rid_\w+/,
    );
    expect((await diff(eight, five, '--replay', log)).code).toBe(1);
    expect((await diff(five, eight, '--replay', await refunds(1, 2))).code).toBe(0);
    const both = await diff(five, eight, '--replay', log, '--replay', await refunds(6));
    expect(both.out).toContain('6 recorded calls');
  });

  it('answers 6 where it cannot be told, and says what is missing', async () => {
    const log = await refunds(1);
    const secret = upTo(5).replace('amount: { lte: 5 }', 'password: x');
    const { code, out } = await diff(...policies('rules: []', secret), '--replay', log);
    expect(code).toBe(6);
    expect(out).toContain('Cannot tell, since the log does not hold what decides:');
    expect(out).toMatch(/1 {6}refund {2}a value that was redacted or cut {2}rid_/);
  });

  it('is JSON where that is wanted', async () => {
    const log = await refunds(1, 7);
    const { code, out } = await diff(...policies(upTo(5), upTo(9)), '--replay', log, '--json');
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject({
      differences: [{ widens: true }],
      replay: {
        calls: 2,
        same: 1,
        changed: [
          { tool: 'refund', before: { effect: 'deny' }, after: { effect: 'allow', rule: 'small' } },
        ],
        untold: [],
      },
    });
  });

  it('asks for the sets that the application gives', async () => {
    const log = await refunds(1);
    const given = `sets: { few: { given: number, example: [1] } }
rules: [{ id: few, effect: allow, tool: refund, where: { amount: { in: { $set: few } } } }]`;
    const files = policies('rules: []', given);
    expect((await diff(...files)).code).toBe(4);
    const without = await diff(...files, '--replay', log);
    expect([without.code, without.error]).toEqual([3, expect.stringContaining('few')]);
  });

  it('has a help that names its exit codes', async () => {
    const { code, out } = await diff('--help');
    expect(code).toBe(0);
    for (const line of [
      '0  nothing',
      '1  something',
      '2  wrong',
      '3  a policy',
      '4  something',
      '5  a log',
      '6  no',
    ]) {
      expect(out).toContain(line);
    }
  });
});
