import { strict as assert } from 'node:assert';

import { createGuard, type Guard, memoryAudit } from '@guardstile/core';
import { withGuard } from '@guardstile/langchain';
import { guardMiddleware } from '@guardstile/langchain/middleware';
import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { type StructuredToolInterface, tool } from '@langchain/core/tools';
import { type AgentMiddleware, createAgent, humanInTheLoopMiddleware } from 'langchain';

import { ScriptedModel } from '../conformance/langchain/scripted-model.ts';
import { compare, type Comparison, type Group, times } from './figures.ts';
import { inputSchema } from './generate-text.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';
import { refund, refundArgs, threeConditions, wholeGuard } from './refund.ts';

/** Calls of a tool per sample. */
const CALLS = 16;

const approver = (): 'deny' => 'deny';

/** The guard around one call of a tool. */
export async function langchainToolRows({ core: plan }: BenchPlan): Promise<Group> {
  const rounds = await measure(await invoking(), plan);
  return {
    title: 'LangChain: one tool.invoke(), ÷ the same tool without a guard',
    notes: [
      'tool() with a zod schema, called with plain arguments, or as the call of a model ("of a call")',
      'the guard is the policy of the core rows, without hooks and listeners; an approver is in the process',
      '"whole guard": that of the core rows, with two asynchronous hooks and two listeners',
      'audit in memory: memoryAudit() as it is by default; beside it with each way of sealing stated',
      'one awaited handler: what a callback handler that does nothing costs without any guard',
    ],
    rows: compare(rounds, invokeComparisons),
    times: times(rounds),
  };
}

const invokeComparisons: readonly Comparison[] = [
  {
    what: 'audit off',
    of: 'guarded',
    over: 'bare',
    targets: [{ statistic: 'p50', limit: 1.25 }],
  },
  { what: 'audit off, of a call', of: 'guarded, of a call', over: 'bare, of a call' },
  { what: 'audit off, whole guard', of: 'whole guard', over: 'bare' },
  {
    what: 'audit in memory',
    of: 'audited',
    over: 'bare',
    targets: [{ statistic: 'p50', limit: 1.6 }],
  },
  { what: 'audit in memory, of a call', of: 'audited, of a call', over: 'bare, of a call' },
  { what: "audit sealed 'each'", of: 'each', over: 'bare' },
  { what: "audit sealed 'batch'", of: 'batch', over: 'bare' },
  { what: 'one awaited callback handler, no guard', of: 'handler', over: 'bare' },
];

async function invoking(): Promise<readonly Variant[]> {
  const [bare, off] = [bareTool(), guardedTool(policyOnly({ audit: false }))];
  const audited = guardedTool(policyOnly({}));
  return [
    await invoke('bare', bare),
    await invoke('guarded', off),
    await invoke('whole guard', guardedTool(wholeGuard({ audit: false, approver }))),
    await invoke('audited', audited),
    await invoke('each', guardedTool(policyOnly({ audit: memoryAudit({ sealing: 'each' }) }))),
    await invoke('batch', guardedTool(policyOnly({ audit: memoryAudit({ sealing: 'batch' }) }))),
    await invoke('handler', bare, { callbacks: [new AwaitedHandler()] }),
    await invokeCall('bare, of a call', bare),
    await invokeCall('guarded, of a call', off),
    await invokeCall('audited, of a call', audited),
  ];
}

/** Does nothing, and LangChain waits for it. */
class AwaitedHandler extends BaseCallbackHandler {
  readonly name = 'awaited';

  constructor() {
    super({ _awaitHandler: true });
  }

  override async handleToolStart(): Promise<void> {}

  override async handleToolEnd(): Promise<void> {}
}

function bareTool(): StructuredToolInterface {
  return tool((args) => refund(args), {
    name: 'refund',
    description: 'Refunds an order.',
    schema: inputSchema,
  });
}

function guardedTool(guard: Guard): StructuredToolInterface {
  const [guarded] = withGuard([bareTool()], guard);
  return guarded;
}

function policyOnly(options: Parameters<typeof wholeGuard>[0]): Guard {
  return createGuard({ policy: threeConditions, approver, ...options });
}

async function invoke(
  name: string,
  given: StructuredToolInterface,
  config: object = {},
): Promise<Variant> {
  const run = (): Promise<unknown> => given.invoke(refundArgs, config);
  assert.deepEqual(await run(), { refunded: true });
  return { name, iterations: CALLS, run };
}

async function invokeCall(name: string, given: StructuredToolInterface): Promise<Variant> {
  const call = {
    type: 'tool_call',
    id: 'call-1',
    name: 'refund',
    args: { ...refundArgs },
  } as const;
  const run = (): Promise<unknown> => given.invoke(call);
  const { content } = (await run()) as { readonly content: unknown }; // of a ToolMessage
  assert.equal(content, '{"refunded":true}');
  return { name, iterations: CALLS, run };
}

/** The guard around the tool of an agent, and in its middleware. */
export async function langchainAgentRows({ generateText: plan }: BenchPlan): Promise<Group> {
  const rounds = await measure(await conversing(), plan);
  return {
    title: 'LangChain: one createAgent() run with one tool call and a scripted model, ÷ others',
    notes: [
      'two rounds: the model calls the tool, then answers; a sample is one agent.invoke(), the agent is made before',
      'the guard is the policy of the core rows with audit off; nothing is asked',
      '"tools": withGuard() around the tool, no middleware; "middleware": guardMiddleware(), no approver, as where a graph asks',
      'human-in-the-loop: the official humanInTheLoopMiddleware with an interruptOn that does not fire',
    ],
    rows: compare(rounds, agentComparisons),
    times: times(rounds),
  };
}

const agentComparisons: readonly Comparison[] = [
  { what: 'guarded tools', of: 'tools', over: 'bare' },
  { what: 'guardMiddleware', of: 'middleware', over: 'bare' },
  { what: 'human-in-the-loop middleware', of: 'hitl', over: 'bare' },
  {
    what: 'guardMiddleware ÷ human-in-the-loop middleware',
    of: 'middleware',
    over: 'hitl',
    targets: [{ statistic: 'p50', limit: 1 }],
  },
  { what: 'guardMiddleware, audit in memory', of: 'middleware, audited', over: 'bare' },
];

async function conversing(): Promise<readonly Variant[]> {
  const guarding = (options: Parameters<typeof createGuard>[0]): AgentMiddleware =>
    guardMiddleware(createGuard(options));
  const hitl = humanInTheLoopMiddleware({ interruptOn: { other: true } });
  return [
    await converse('bare', [bareTool()], []),
    await converse('tools', [guardedTool(policyOnly({ audit: false }))], []),
    await converse(
      'middleware',
      [bareTool()],
      [guarding({ policy: threeConditions, audit: false })],
    ),
    await converse('middleware, audited', [bareTool()], [guarding({ policy: threeConditions })]),
    await converse('hitl', [bareTool()], [hitl]),
  ];
}

async function converse(
  name: string,
  tools: StructuredToolInterface[],
  middleware: AgentMiddleware[],
): Promise<Variant> {
  const model = new ScriptedModel([[{ id: 'call-1', tool: 'refund', args: refundArgs }]]);
  const agent = createAgent({ model, tools, middleware });
  const input = { messages: [{ role: 'user' as const, content: 'Refund it.' }] };
  const run = async (): Promise<string> => (await agent.invoke(input)).messages.at(-1)?.text ?? '';
  assert.equal(await run(), 'done');
  const { requests } = model.heard;
  assert.ok(JSON.stringify(requests[1]).includes('refunded'));
  return {
    name,
    iterations: 1,
    run,
    // In the long run what it heard would be all the memory there is.
    between: () => void (requests.length = 0),
  };
}
