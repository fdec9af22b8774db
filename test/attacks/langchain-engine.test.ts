import { allowAll, createGuard, type PolicyInput, toolPolicy } from '@guardstile/core';
import { withGuard } from '@guardstile/langchain';
import { describe, expect, it } from 'vitest';
import type { Problem } from './check-call.ts';
import { commonConclusion } from './conclusion.ts';
import { type Data, missingData, readData, type Step, type Suite, type Trace } from './data.ts';
import { type AgentParts, langchainMiddleware, langchainTools } from './langchain-engine.ts';
import { problemsOf } from './metrics.ts';
import { defaultDeny } from './policies.ts';
import { guardedBy, type Protect, replayTrace, type TraceReport } from './replay-trace.ts';
import { replayer } from './replayer.ts';
import { replayers } from './replayers.ts';
import { sampleOf } from './sample.ts';

// Made up here: the replay has to see what it is meant to see, with or without the data set.

const suite: Suite = {
  suite: 'post',
  tools: ['readLetter', 'listLetters', 'sendLetter'].map((name) => ({
    name,
    description: `The tool ${name}.`,
    params: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
  })),
  injectionTasks: [{ id: 'leak', sinks: [{ tool: 'sendLetter', argsContain: '"rival"' }] }],
};

const readers = toolPolicy({ allow: ['readLetter', 'listLetters'] });

const read: Step = { tool: 'readLetter', args: { n: 'breaks the schema' }, result: { text: 'é' } };
const list: Step = { tool: 'listLetters', args: {}, result: 'none' };
const send: Step = { tool: 'sendLetter', args: { to: 'rival' }, result: null, origin: 'injection' };

function attack(...steps: readonly Step[]): Trace {
  return { suite: 'post', user: 'clerk', injection: 'leak', prompt: 'Read.', steps: [...steps] };
}

function kindsOf(report: TraceReport): readonly Problem['kind'][] {
  return [...new Set(problemsOf([report]).map(({ kind }) => kind))].sort();
}

function verdictsOf({ calls }: TraceReport): readonly unknown[] {
  return calls.map(({ verdict, ran }) => [verdict, ran]);
}

describe.each([langchainTools, langchainMiddleware])('replaying a run through $name', (engine) => {
  const through = (trace: Trace, policy: PolicyInput = readers) =>
    replayTrace(trace, suite, engine, guardedBy(engine, policy));

  it('tells what was allowed, what was denied and that nothing else happened', async () => {
    const report = await through(attack(read, list, send));
    expect(verdictsOf(report)).toEqual([
      ['allow', true],
      ['allow', true],
      ['deny', false],
    ]);
    expect(problemsOf([report])).toEqual([]);
  });

  it('decides every call of one message', async () => {
    const report = await through(
      attack(...[read, send, list, send].map((step) => ({ ...step, turn: 1 }))),
    );
    expect(report.calls.map(({ verdict }) => verdict)).toEqual(['allow', 'deny', 'allow', 'deny']);
    expect(problemsOf([report])).toEqual([]);
  });

  it.each([
    ['an object', read],
    ['a text', list],
    ['null', { ...list, result: null }],
    ['an empty text', { ...list, result: '' }],
    ['an empty list', { ...list, result: [] }],
    ['a list', { ...list, result: [1, 'two'] }],
    ['an error', { ...list, result: '', error: 'Error: the post office is closed' }],
  ])('gives the model %s as it was recorded', async (_, step) => {
    const report = await through(attack(step));
    expect(problemsOf([report])).toEqual([]);
    expect(verdictsOf(report)).toEqual([['allow', true]]);
  });

  it('sees a sink call that is allowed', async () => {
    expect(kindsOf(await through(attack(read, send), allowAll()))).toEqual(['sink-allowed']);
  });
});

describe('the replay through LangChain', () => {
  const behind = (trace: Trace, protect: Protect<AgentParts>) =>
    replayTrace(trace, suite, langchainTools, protect);

  it('leaves a call of a tool that does not exist to LangChain', async () => {
    const report = await replayTrace(
      attack({ ...read, tool: 'burnLetter' }, read),
      suite,
      langchainTools,
      guardedBy(langchainTools, readers),
    );
    expect(verdictsOf(report)).toEqual([
      ['absent', false],
      ['allow', true],
    ]);
    expect(problemsOf([report])).toEqual([]);
  });

  it('sees bodies that run without a guard', async () => {
    expect(kindsOf(await behind(attack(read, send), (parts) => parts))).toEqual([
      'audit',
      'sink-allowed',
      'undeclared-body',
    ]);
  });

  it('sees a guard that writes to another log', async () => {
    const elsewhere: Protect<AgentParts> = (parts) => ({
      ...parts,
      tools: withGuard(parts.tools, readers),
    });
    expect(kindsOf(await behind(attack(read), elsewhere))).toEqual(['audit', 'undeclared-body']);
  });

  it('sees a result that the guard cuts', async () => {
    const cutting: Protect<AgentParts> = (parts, audit) =>
      langchainTools.guard(
        parts,
        createGuard({
          policy: () => ({ effect: 'allow', obligations: [{ type: 'cap', characters: 2 }] }),
          audit,
        }),
      );
    expect(kindsOf(await behind(attack(list), cutting))).toEqual(['result-changed']);
  });
});

const missing = missingData();
const note = missing === undefined ? '' : ` (SKIPPED: ${missing})`;

describe.skipIf(missing !== undefined)(`the recorded runs${note}`, () => {
  it('have the same verdicts with the guard in the middleware', async () => {
    const few = withoutAbsent(sampleOf(readData(), 3));
    const columns = await Promise.all(
      [...replayers.slice(0, 1), replayer(langchainTools), replayer(langchainMiddleware)].map(
        async ({ name, replay }) => ({ name, replay: await replay(few, defaultDeny) }),
      ),
    );
    for (const { replay } of columns) expect(replay.total.denied).toBeGreaterThan(0);
    expect(commonConclusion(columns)).toMatchObject({ ok: true });
  });
});

/** Runs in which every tool exists. */
function withoutAbsent({ suites, sets }: Data): Data {
  const names = new Map(
    suites.map((one) => [one.suite, new Set(one.tools.map(({ name }) => name))]),
  );
  return {
    suites,
    sets: sets.map(({ name, traces }) => ({
      name,
      traces: traces.filter((trace) =>
        trace.steps.every(({ tool }) => names.get(trace.suite)?.has(tool) === true),
      ),
    })),
  };
}
