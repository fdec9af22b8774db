import { strict as assert } from 'node:assert';

import { withGuard } from '@guardstile/ai-sdk';
import { createGuard, type Guard, memoryApprovals } from '@guardstile/core';
import {
  generateText,
  isStepCount,
  type ModelMessage,
  simulateReadableStream,
  streamText,
  type ToolSet,
} from 'ai';
import { MockLanguageModelV4 } from 'ai/test';

import { compare, type Group, type Row, spread, times } from './figures.ts';
import { tools } from './generate-text.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';
import { refundArgs, wholeGuard } from './refund.ts';

const PARALLEL = 20;
const PENDING = 10_000;

const approver = (): 'deny' => 'deny';

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};
const calling = { unified: 'tool-calls', raw: 'tool_calls' } as const;
const stopping = { unified: 'stop', raw: 'stop' } as const;

/** The other paths through the SDK: streams, parallel calls, and approvals that are resumed. */
export async function aiSdkRows({ generateText: plan }: BenchPlan): Promise<Group> {
  const rounds = await measure(await variants(), plan);
  return {
    title: 'AI SDK: streams, parallel calls and resumed approvals, ÷ the same without a guard',
    notes: [
      'the guard is that of the core rows: policy, two asynchronous hooks, two listeners, audit off',
      'streamText: one tool call and an answer, read to its end',
      `parallel: one step with ${PARALLEL} tool calls, and an answer`,
      'resumed: two requests; the first asks through the SDK\u2019s approval parts, the second brings the answer. Without the guard the tool\u2019s own needsApproval asks',
      `pending: memory that ${PENDING} open asks hold in memoryApprovals(), log switched off`,
    ],
    rows: [
      ...compare(rounds, [
        target('streamText', 'streamed, guarded', 'streamed'),
        target(`${PARALLEL} parallel calls`, 'parallel, guarded', 'parallel'),
        { what: 'asked and resumed', of: 'resumed, guarded', over: 'resumed' },
      ]),
      await pendingRow(),
    ],
    times: times(rounds),
  };
}

function target(what: string, of: string, over: string) {
  return { what, of, over, targets: [{ statistic: 'p50', limit: 1.1 }] } as const;
}

async function variants(): Promise<readonly Variant[]> {
  const guarded = withGuard(tools, wholeGuard({ audit: false, approver }));
  const ask = askingTools();
  const asking = { refund: { ...tools.refund, needsApproval: true } };
  return [
    await variant('streamed', () => stream(tools), 'done'),
    await variant('streamed, guarded', () => stream(guarded), 'done'),
    await variant('parallel', () => parallel(tools), 'done'),
    await variant('parallel, guarded', () => parallel(guarded), 'done'),
    await variant('resumed', () => resume(() => asking), 'done'),
    await variant('resumed, guarded', () => resume(ask), 'done'),
  ];
}

async function variant(
  name: string,
  run: () => Promise<string>,
  expected: string,
): Promise<Variant> {
  assert.equal(await run(), expected);
  return { name, iterations: 1, run };
}

async function stream(given: ToolSet): Promise<string> {
  const model = new MockLanguageModelV4({
    doStream: async ({ prompt }) => ({
      stream: simulateReadableStream({
        initialDelayInMs: null,
        chunkDelayInMs: null,
        chunks: prompt.at(-1)?.role === 'tool' ? textChunks() : callChunks(),
      }),
    }),
  });
  const result = streamText({
    model,
    tools: given,
    prompt: 'Refund it.',
    stopWhen: isStepCount(2),
  });
  for await (const part of result.stream) void part;
  return result.text;
}

/** What a model of this version streams. */
type Chunk =
  Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream'] extends ReadableStream<infer T>
    ? T
    : never;

function callChunks(): Chunk[] {
  const input = JSON.stringify(refundArgs);
  return [
    { type: 'stream-start', warnings: [] },
    { type: 'tool-call', toolCallId: 'call-1', toolName: 'refund', input },
    { type: 'finish', finishReason: calling, usage },
  ];
}

function textChunks(): Chunk[] {
  return [
    { type: 'stream-start', warnings: [] },
    { type: 'text-start', id: 't' },
    { type: 'text-delta', id: 't', delta: 'done' },
    { type: 'text-end', id: 't' },
    { type: 'finish', finishReason: stopping, usage },
  ];
}

/** A model that makes `calls` calls at once, and then says `done`. */
function callingModel(calls: number): MockLanguageModelV4 {
  const input = JSON.stringify(refundArgs);
  const content = Array.from({ length: calls }, (_, i) => ({
    type: 'tool-call' as const,
    toolCallId: `call-${i}`,
    toolName: 'refund',
    input,
  }));
  return new MockLanguageModelV4({
    doGenerate: async ({ prompt }) =>
      prompt.at(-1)?.role === 'tool'
        ? { content: [{ type: 'text', text: 'done' }], finishReason: stopping, usage, warnings: [] }
        : { content, finishReason: calling, usage, warnings: [] },
  });
}

async function parallel(given: ToolSet): Promise<string> {
  const { text } = await generateText({
    model: callingModel(PARALLEL),
    tools: given,
    prompt: 'Refund all of them.',
    stopWhen: isStepCount(2),
  });
  return text;
}

let asks = 0;

/** One guard for everything, as in a server; every conversation is a session of its own. */
function askingTools(): () => ToolSet {
  const guard = createGuard({ policy: () => 'ask', audit: false, approvals: memoryApprovals() });
  return () => {
    asks += 1;
    return withGuard(tools, guard.with({ session: `s-${asks}` }));
  };
}

async function resume(toolsOf: () => ToolSet): Promise<string> {
  const given = toolsOf();
  const model = callingModel(1);
  const messages: ModelMessage[] = [{ role: 'user', content: 'Refund it.' }];
  const asked = await generateText({ model, tools: given, messages, stopWhen: isStepCount(2) });
  const request = asked.content.find((part) => part.type === 'tool-approval-request');
  assert.ok(request?.type === 'tool-approval-request');
  messages.push(...asked.responseMessages, {
    role: 'tool',
    content: [{ type: 'tool-approval-response', approvalId: request.approvalId, approved: true }],
  });
  const { text } = await generateText({ model, tools: given, messages, stopWhen: isStepCount(2) });
  return text;
}

/** How much memory one open ask takes, in kB. */
async function pendingRow(): Promise<Row> {
  const guard: Guard = createGuard({ policy: () => 'ask', audit: false });
  const handle = guard.tool({ name: 'refund' });
  const before = heap();
  for (let i = 0; i < PENDING; i += 1) await handle.open({ id: `call-${i}`, args: refundArgs });
  const bytes = (heap() - before) / PENDING;
  // Reading it afterwards keeps it alive until then.
  assert.equal(guard.canAsk, false);
  return {
    what: `memory of one pending ask (of ${PENDING})`,
    figures: { size: spread([bytes / 1000]) },
    targets: [],
  };
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
