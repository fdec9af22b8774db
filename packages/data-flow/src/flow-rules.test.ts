import { factsOf, type ToolCall, type ToolInfo } from '@guardstile/core';
import { expect, it } from 'vitest';

import { flowRules } from './flow-rules.ts';

function info(name: string, source = 'app'): ToolInfo {
  return { identity: { source, name }, facts: factsOf(name, { stated: 'nonDestructive' }) };
}

function callOf({ identity, facts }: ToolInfo, args: unknown): ToolCall {
  return { rid: 'r', id: 'r', tool: identity, facts, args, confined: args, labels: [] };
}

const rules = flowRules({
  tools: {
    list: { labels: { '': 'untrusted:mail' } },
    pay: { args: { to: { from: ['prompt'] } } },
    'mcp/pay': { args: { to: { from: ['prompt'], else: 'deny' } } },
  },
});

it('has nothing to judge where only labels are stated, or nothing', () => {
  expect(rules.of(info('list'))).toEqual({
    labels: { '': 'untrusted:mail' },
    judge: undefined,
  });
  expect(rules.of(info('other'))).toEqual({ labels: undefined, judge: undefined });
});

it('denies a call of which nobody knows where its values come from', () => {
  const own = info('pay');
  expect(rules.of(own).judge?.(callOf(own, { to: 'eve' }))).toMatchObject([{ effect: 'deny' }]);
});

it('needs to know nothing of a call that always asks', () => {
  const own = info('dropTable');
  expect(rules.of(own).judge?.(callOf(own, {}))).toMatchObject([{ effect: 'ask' }]);
});

it('tells tools of other sources from the application’s own', () => {
  expect(rules.of(info('pay', 'mcp')).judge).toBeDefined();
  expect(rules.of(info('list', 'mcp')).labels).toBeUndefined();
});

it('reads what is stated as its own, whatever objects have otherwise', () => {
  expect(rules.of(info('constructor'))).toEqual({ labels: undefined, judge: undefined });
});

it.each([
  [{ value: 'x', as: 'trusted' }, ['ask']],
  [{ value: 'x', as: 'trusted', by: 'f', holds: true }, []],
  [{ value: 'x', as: 'trusted', by: 'f', holds: false }, ['deny']],
  [{ value: 'x', as: 'trusted', by: 'f' }, ['deny']],
  [undefined, ['ask']],
])('asks or denies where something is to be declassified: %j', (args, effects) => {
  const own = info('declassify', 'guardstile');
  const findings = rules.of(own).judge?.(callOf(own, args)) ?? [];
  expect(findings.map(({ effect }) => effect)).toEqual(effects);
});
