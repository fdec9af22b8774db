import { type Fact, factsOf } from '@guardstile/core';
import { expect, it } from 'vitest';

import { describeFlowReport, flowReport } from './flow-report.ts';
import type { FlowTool, ToolFlow } from './tool-flow.ts';

function tool(name: string, stated: Fact | undefined, flow: ToolFlow = {}): FlowTool {
  return { name, facts: factsOf(name, { stated }), flow };
}

const files = tool('look', 'readFile');
const page = tool('page', 'network', { sinks: [] });
const mail = tool('mail', 'sendEmail', { args: { to: { from: ['prompt'] } } });

it('says that an agent has private data, untrusted content and a way out at once', () => {
  const report = flowReport([files, page, mail]);
  expect(report).toEqual({
    untrusted: [
      { tool: 'look', what: 'untrusted:file', stated: false },
      { tool: 'page', what: 'untrusted:web', stated: false },
    ],
    private: [{ tool: 'look', what: 'files', stated: false }],
    sinks: [{ tool: 'mail', what: ['egress'], stated: false }],
    irreversible: [],
    unstated: [],
    unchecked: [],
    lethalTrifecta: true,
  });
  expect(describeFlowReport(report)).toBe(
    [
      'untrusted content    look (untrusted:file, by its facts), page (untrusted:web, by its facts)',
      'private data         look (files, by its facts)',
      'sinks                mail (egress, by its facts)',
      'irreversible         none',
      'no sink stated       none',
      'sinks without a rule none',
      'This agent has private data, untrusted content and a way out at once: content can have the data sent.',
    ].join('\n'),
  );
});

it.each([
  ['private data', [page, mail]],
  ['a way out', [files, page]],
  ['untrusted content', [tool('vault', 'readOnly', { labels: { '': 'secret' } }), mail]],
])('says that there is no %s', (_what, tools) => {
  expect(flowReport(tools).lethalTrifecta).toBe(false);
});

it('counts a tool of which nobody has stated anything as a source and a way out', () => {
  const report = flowReport([tool('mystery', undefined)]);
  expect(report.untrusted).toMatchObject([{ tool: 'mystery' }]);
  expect(report.sinks).toMatchObject([{ tool: 'mystery', what: ['egress'] }]);
  expect(report.unchecked).toEqual(['mystery']);
});

it('lists tools that change something and of which nobody has said where it goes', () => {
  const facts = ['nonDestructive', 'destructive', 'money', 'writeFile', 'databaseWrite'] as const;
  const post = facts.map((fact) => tool(`post_${fact}`, fact));
  const said = tool('post', 'nonDestructive', { sinks: [] });
  const { unstated } = flowReport([...post, said, files, page, mail, tool('other', undefined)]);
  expect(unstated).toEqual(post.map(({ name }) => name));
});

it('counts a sink to which a rule leads as one with a rule', () => {
  const bare = tool('mail', 'sendEmail');
  expect(flowReport([bare], [{ to: 'egress' }]).unchecked).toEqual([]);
  expect(flowReport([bare], [{ to: 'money' }]).unchecked).toEqual(['mail']);
});

it('shows the label that is stated of content, not the one by the facts', () => {
  const own = tool('look', 'readFile', { labels: { 'mails[]': 'untrusted:mail' } });
  expect(flowReport([own]).untrusted).toEqual([
    { tool: 'look', what: 'untrusted:mail', stated: true },
  ]);
});
