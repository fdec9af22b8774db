import type {
  CallContext,
  FlowView,
  Origin,
  PathLabels,
  ToolCall,
  ToolInfo,
} from '@guardstile/core';
import { factsOf } from '@guardstile/core';
import { createDataFlow } from '@guardstile/data-flow';
import * as fc from 'fast-check';

import type { FlowDocument } from '../src/flow/document.ts';

/** What a session of the real memory knows after a prompt and some results. */
export interface Seen {
  readonly prompt?: string;
  readonly results?: ReadonlyArray<{
    readonly tool: string;
    readonly value: unknown;
    readonly labels?: PathLabels;
  }>;
}

export async function viewOf({ prompt, results = [] }: Seen): Promise<FlowView> {
  const memory = createDataFlow();
  const context: CallContext = { principal: { id: 'ann' }, session: 's' };
  const turns = prompt === undefined ? [] : [{ role: 'user' as const, text: prompt }];
  await memory.session(context, turns);
  for (const [i, { tool, value, labels }] of results.entries()) {
    const call = callOf(tool, {}, undefined, `r${i}`);
    await memory.observe(call, context, {
      kind: 'result',
      value,
      labels: labels === undefined ? [] : [labels],
    });
  }
  return memory.session(context, turns);
}

export function infoOf(name: string, source = 'app'): ToolInfo {
  return { identity: { source, name }, facts: factsOf(name, {}) };
}

export function callOf(name: string, args: unknown, flow?: FlowView, rid = 'r'): ToolCall {
  const { identity, facts } = infoOf(name);
  return {
    rid,
    id: rid,
    tool: identity,
    facts,
    args,
    confined: args,
    labels: [],
    ...(flow === undefined ? {} : { flow }),
  };
}

const origin = fc.constantFrom<Origin>(
  'prompt',
  'trusted',
  'trusted:x',
  'untrusted',
  'untrusted:y',
);
const label = fc.constantFrom<Origin>(
  'trusted',
  'trusted:x',
  'untrusted:y',
  'secret',
  'trusted-text',
);
const otherwise = fc.constantFrom('ask' as const, 'deny' as const);
const sink = fc.constantFrom(
  'egress' as const,
  'money' as const,
  'code' as const,
  'store' as const,
);

const from = fc.record(
  {
    from: fc.uniqueArray(origin, { maxLength: 3 }),
    else: otherwise,
    unseen: otherwise,
    part: fc.constantFrom('value' as const, 'email' as const, 'host' as const),
    shortest: fc.constantFrom(2, 3, 8),
  },
  { requiredKeys: ['from'], noNullPrototype: true },
);

const tool = fc.record(
  {
    labels: fc.dictionary(fc.constantFrom('', 's', '[].s'), label, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    args: fc.dictionary(fc.constantFrom('n', 's', 'l', 'o.n'), from, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    sinks: fc.uniqueArray(sink, { maxLength: 2 }),
    irreversible: fc.boolean(),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const rule = fc.record(
  { from: label, to: sink, else: otherwise },
  { requiredKeys: ['from', 'to'], noNullPrototype: true },
);

/** Random flows about the tools of `arbitrary.ts`. */
export const flow: fc.Arbitrary<FlowDocument> = fc
  .record(
    {
      tools: fc.dictionary(
        fc.constantFrom('read_file', 'write_file', 'send_money', 'frobnicate', 'mcp/read_file'),
        tool,
        { maxKeys: 4, noNullPrototype: true },
      ),
      rules: fc.array(rule, { maxLength: 2 }),
      approve: fc.constantFrom(
        { by: 'role:cfo' },
        { by: ['bob', 'role:ops'], quorum: 2 },
        { expires: '5m' },
      ),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map(({ rules, ...rest }) => ({
    ...rest,
    ...(rules === undefined ? {} : { rules: rules.map((one, i) => ({ ...one, id: `f${i}` })) }),
  }));
