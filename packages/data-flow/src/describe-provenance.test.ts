import { factsOf } from '@guardstile/core';
import { expect, it } from 'vitest';

import type { FromRule } from './from-rule.ts';
import { createFlowJudge } from './judge-flow.ts';
import { createSessionFlow, type SessionFlow } from './session-flow.ts';

const ACCOUNT = 'DE89370400440532013000';

function reasonOf(flow: SessionFlow, argument: string, rule: FromRule, args: unknown): string {
  const facts = factsOf('pay', { stated: 'money' });
  const judge = createFlowJudge({ name: 'pay', facts, flow: { args: { [argument]: rule } } });
  return (judge?.(flow, args) ?? []).map(({ reason }) => reason).join('; ');
}

function typed(text: string): SessionFlow {
  const flow = createSessionFlow({ seed: 1 });
  flow.observe(text, { origin: 'prompt' });
  return flow;
}

it('says what a rule accepts of a value that is seen somewhere else', () => {
  const rule: FromRule = { from: ['trusted:payee', 'trusted:contact'] };
  expect(reasonOf(typed(`pay ${ACCOUNT}`), 'to', rule, { to: ACCOUNT })).toBe(
    `to "${ACCOUNT}" was seen in what the user typed; it has to come from trusted:payee or trusted:contact`,
  );
});

it('begins with the value where the rule is about all arguments', () => {
  const reason = reasonOf(typed('hello'), '', { from: ['prompt'] }, { to: ACCOUNT });
  expect(reason).toMatch(/^"DE89/);
});

it('tells what is short from what is disguised', () => {
  const rule: FromRule = { from: ['prompt'] };
  expect(reasonOf(typed('pay Bob'), 'to', rule, { to: 'Bob' })).toContain('too short to say');
  const disguised = `${ACCOUNT.slice(0, 4)}\u200b${ACCOUNT.slice(4)}`;
  const reason = reasonOf(typed(`pay ${ACCOUNT}`), 'to', rule, { to: disguised });
  expect(reason).toContain('characters that nobody sees');
  expect(reason).not.toContain('too short');
});

it('says why a session does not know, and what to do', () => {
  const flow = createSessionFlow({ seed: 1, complete: false });
  const reason = reasonOf(flow, 'to', { from: ['prompt'] }, { to: ACCOUNT });
  expect(reason).toContain('too much text');
  expect(reason).toContain('begin a new one');
});
