import { expect, it } from 'vitest';

import { flowProblems } from './flow-problems.ts';
import { flowRules } from './flow-rules.ts';

it('finds nothing wrong with a spec that can be used', () => {
  const spec = {
    tools: {
      list: { labels: { '': 'untrusted:subject', '[].to': 'trusted:payee', '*.pin': 'secret' } },
      pay: {
        args: {
          to: { from: ['prompt', 'trusted'], else: 'deny', unseen: 'ask', part: 'value' },
          'rows[].to': { from: [], shortest: 2 },
        },
        sinks: ['money'],
        irreversible: false,
      },
    },
    rules: [{ id: 'a', from: 'secret', to: 'egress', else: 'ask', by: 'value' }],
  } as const;
  expect(flowProblems(spec)).toEqual([]);
  expect(flowProblems({})).toEqual([]);
});

const tool = (of: unknown): unknown => ({ tools: { t: of } });
const from = (rule: unknown): unknown => tool({ args: { to: rule } });
const rule = (more: object): unknown => ({
  rules: [{ id: 'a', from: 'secret', to: 'egress', ...more }],
});

it.each([
  ['no object', 1, [], 'an object'],
  ['a field nobody knows', { tool: {} }, ['tool'], 'not known'],
  ['tools in a list', { tools: [] }, ['tools'], 'an object'],
  ['a parser', tool({ parse: () => [] }), ['tools', 't', 'parse'], 'not known'],
  ['a label that is none', tool({ labels: { to: 'trustd' } }), ['tools', 't', 'labels', 'to'], ''],
  ['a label for the user', tool({ labels: { to: 'prompt' } }), ['tools', 't', 'labels', 'to'], ''],
  ['a label for calls', tool({ labels: { to: 'sent' } }), ['tools', 't', 'labels', 'to'], ''],
  ['no kind', tool({ labels: { to: 'trusted:' } }), ['tools', 't', 'labels', 'to'], 'no label'],
  ['no path', tool({ labels: { 'a..b': 'trusted' } }), ['tools', 't', 'labels', 'a..b'], 'no path'],
  [
    'one item',
    tool({ labels: { 'a[0]': 'trusted' } }),
    ['tools', 't', 'labels', 'a[0]'],
    'no path',
  ],
  [
    'no argument',
    tool({ args: { 'a..b': { from: [] } } }),
    ['tools', 't', 'args', 'a..b'],
    'no path',
  ],
  [
    'any argument',
    tool({ args: { '*.to': { from: ['prompt'] } } }),
    ['tools', 't', 'args', '*.to'],
    'no path of an argument',
  ],
  [
    'an argument anywhere',
    tool({ args: { '**.to': { from: ['prompt'] } } }),
    ['tools', 't', 'args', '**.to'],
    'no path of an argument',
  ],
  ['what the user typed kept in', rule({ from: 'prompt' }), ['rules', 0, 'from'], 'every session'],
  ['several kept in', rule({ from: ['secret'] }), ['rules', 0, 'from'], 'a rule for each'],
  ['none kept in', rule({ from: [] }), ['rules', 0, 'from'], 'a rule for each'],
  [
    'YAML that means yes',
    tool({ irreversible: 'yes' }),
    ['tools', 't', 'irreversible'],
    'YAML 1.2 reads yes and no as text',
  ],
  ['nothing accepted', from({}), ['tools', 't', 'args', 'to', 'from'], 'missing'],
  ['no list', from({ from: 'prompt' }), ['tools', 't', 'args', 'to', 'from'], 'a list'],
  ['no origin', from({ from: ['promt'] }), ['tools', 't', 'args', 'to', 'from', 0], 'no origin'],
  ['what was sent', from({ from: ['sent'] }), ['tools', 't', 'args', 'to', 'from', 0], 'no origin'],
  [
    'a secret',
    from({ from: ['secret:a'] }),
    ['tools', 't', 'args', 'to', 'from', 0],
    'vouches for nothing',
  ],
  [
    'another effect',
    from({ from: [], else: 'allow' }),
    ['tools', 't', 'args', 'to', 'else'],
    'one of ask, deny',
  ],
  [
    'another part',
    from({ from: [], part: 'word' }),
    ['tools', 't', 'args', 'to', 'part'],
    'one of',
  ],
  [
    'too short',
    from({ from: [], shortest: 1 }),
    ['tools', 't', 'args', 'to', 'shortest'],
    'at least 2',
  ],
  ['another sink', tool({ sinks: ['mail'] }), ['tools', 't', 'sinks', 0], 'one of egress'],
  ['half a truth', tool({ irreversible: 'no' }), ['tools', 't', 'irreversible'], 'true or false'],
  ['no id', rule({ id: '' }), ['rules', 0, 'id'], 'a name'],
  ['no target', rule({ to: 'mail' }), ['rules', 0, 'to'], 'one of egress'],
  ['from nothing', rule({ from: 'sent' }), ['rules', 0, 'from'], 'no origin'],
  [
    'content by value',
    rule({ from: 'untrusted', by: 'value' }),
    ['rules', 0, 'by'],
    'only secrets',
  ],
])('refuses %s and says where', (_what, spec, path, message) => {
  const problems = flowProblems(spec);
  expect(problems).toMatchObject([{ path }]);
  expect(problems[0]?.message).toContain(message);
  expect(() => flowRules(spec as object)).toThrow(TypeError);
});

it('refuses a second rule of the same id', () => {
  const one = { id: 'a', from: 'secret', to: 'egress' } as const;
  expect(flowProblems({ rules: [one, one] })).toMatchObject([{ path: ['rules', 1, 'id'] }]);
});

it('finds everything at once', () => {
  const spec = { tools: { a: { sinks: ['x'] }, b: { labels: { c: 'd' } } }, rules: {} };
  expect(flowProblems(spec)).toHaveLength(3);
});
