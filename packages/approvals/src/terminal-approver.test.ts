import { PassThrough } from 'node:stream';

import {
  type Approver,
  combineRequirements,
  isGuardError,
  type Requirements,
} from '@guardstile/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { requestFor } from '../test/request-for.ts';
import { terminalApprover, type TerminalApproverOptions } from './terminal-approver.ts';

const confirm: Requirements = { votes: [{ kind: 'confirm' }], editable: [], grants: [] };
const finance: Requirements = {
  votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }],
  editable: [],
  grants: [],
};
const both = combineRequirements([confirm, finance]);
const voter = { id: 'ann', roles: ['finance'] };
const { signal } = new AbortController();

/** Streams that are no terminals, whatever runs the tests. */
function noTerminal(): TerminalApproverOptions {
  return { input: new PassThrough(), output: new PassThrough() };
}

function accepted({ accepts }: Approver): readonly boolean[] {
  return [confirm, finance, both].map((requirements) => accepts?.(requirements) ?? true);
}

function codeOf(create: () => unknown): string | undefined {
  try {
    create();
  } catch (error) {
    return isGuardError(error) ? error.code : 'another error';
  }
  return undefined;
}

beforeEach(() => {
  vi.stubEnv('GUARDSTILE_AUTO_APPROVE', undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('terminalApprover', () => {
  it('is the channel "terminal" and answers for the requester', () => {
    const approver = terminalApprover();
    expect(approver.name).toBe('terminal');
    expect(approver.voter).toBeUndefined();
    expect(accepted(approver)).toEqual([true, false, false]);
  });

  it('answers for approvers who are named once it is known who sits there', () => {
    const approver = terminalApprover({ voter });
    expect(approver.voter).toEqual(voter);
    expect(accepted(approver)).toEqual([true, true, true]);
  });

  it.each(['input', 'output'])(
    'says that nobody answered where only the %s is a terminal',
    async (kind) => {
      const options = noTerminal();
      const stream = Object.assign(new PassThrough(), { isTTY: true });
      const approver = terminalApprover({
        ...options,
        [kind]: stream,
      });
      const answer = await approver.ask(await requestFor({}), { signal });
      expect(answer).toHaveProperty('verdict', 'abstain');
      expect(JSON.stringify(answer)).toContain('there is no terminal to ask at');
    },
  );

  it('says at once that nobody answered when the keyboard has ended already', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    input.destroy();
    const output = Object.assign(new PassThrough(), { isTTY: true });
    const approver = terminalApprover({ input, output });
    expect(await approver.ask(await requestFor({}), { signal })).toEqual({
      verdict: 'abstain',
      note: 'the terminal was closed before anybody answered',
    });
  });

  it.each([
    [{ colour: 'red' }],
    [{ voter: { id: '' } }],
    [{ voter: { id: 7 } }],
    [{ voter: null }],
    [{ voter: 'ann' }],
    [{ voter: { roles: ['finance'] } }],
    [{ voter: { id: 'ann', roles: 'finance' } }],
    [{ voter: { id: 'ann', roles: [7] } }],
  ])('refuses the options %j', (options) => {
    expect(codeOf(() => terminalApprover(options as TerminalApproverOptions))).toBe(
      'options_invalid',
    );
  });

  it('takes no options from a polluted prototype', () => {
    const polluted = Object.prototype as { voter?: unknown; id?: unknown };
    polluted.voter = voter;
    polluted.id = 'ann';
    try {
      expect(accepted(terminalApprover())).toEqual([true, false, false]);
      expect(codeOf(() => terminalApprover({ voter: {} as typeof voter }))).toBe('options_invalid');
    } finally {
      delete polluted.voter;
      delete polluted.id;
    }
  });
});

describe('GUARDSTILE_AUTO_APPROVE', () => {
  it.each(['1', 'true'])('%j stands in for the person, under a name of its own', async (value) => {
    vi.stubEnv('GUARDSTILE_AUTO_APPROVE', value);
    const approver = terminalApprover(noTerminal());
    expect(approver.name).toBe('terminal:auto-approve');
    expect(await approver.ask(await requestFor({}), { signal })).toMatchObject({
      verdict: 'approve',
    });
  });

  it.each([undefined, '', '0', 'false'])('%j leaves the person in place', (value) => {
    vi.stubEnv('GUARDSTILE_AUTO_APPROVE', value);
    expect(terminalApprover(noTerminal()).name).toBe('terminal');
  });

  it.each(['yes', 'TRUE', 'True', ' 1', '1 ', '2', 'on', '1\u{1b}[2K'])(
    '%j is refused',
    (value) => {
      vi.stubEnv('GUARDSTILE_AUTO_APPROVE', value);
      expect(codeOf(() => terminalApprover())).toBe('options_invalid');
    },
  );

  it.each([undefined, voter])('never answers where approvers are named (voter %j)', async (who) => {
    vi.stubEnv('GUARDSTILE_AUTO_APPROVE', '1');
    const approver = terminalApprover({
      ...noTerminal(),
      ...(who === undefined ? {} : { voter: who }),
    });
    expect(accepted(approver)).toEqual([true, false, false]);
    const request = await requestFor({});
    for (const requirements of [finance, both]) {
      expect(await approver.ask({ ...request, requirements }, { signal })).toMatchObject({
        verdict: 'abstain',
      });
    }
  });

  it('is read once: what is set later changes nothing', async () => {
    const person = terminalApprover(noTerminal());
    vi.stubEnv('GUARDSTILE_AUTO_APPROVE', '1');
    const automatic = terminalApprover(noTerminal());
    vi.stubEnv('GUARDSTILE_AUTO_APPROVE', undefined);
    const request = await requestFor({});
    expect(await person.ask(request, { signal })).toMatchObject({ verdict: 'abstain' });
    expect(await automatic.ask(request, { signal })).toMatchObject({ verdict: 'approve' });
  });
});
