import { withGuard } from '@guardstile/ai-sdk';
import { allowAll, type PolicyInput, toolPolicy } from '@guardstile/core';
import type { Tool, ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import type { Problem } from './check-call.ts';
import { conclusionOf } from './conclusion.ts';
import type { Step, Suite, Trace } from './data.ts';
import { figuresOf, problemsOf } from './metrics.ts';
import type { Replay } from './replay-all.ts';
import { v7 } from '../conformance/ai-sdk/v7.ts';
import { versions } from '../conformance/ai-sdk/versions.ts';
import { aiSdkEngine } from './ai-sdk-engine.ts';
import { guardedBy, type Protect, replayTrace, type TraceReport } from './replay-trace.ts';

// Made up here: the replay has to see what it is meant to see, with or without the data set.

const suite: Suite = {
  suite: 'library',
  tools: ['findBook', 'listLoans', 'orderBook'].map((name) => ({
    name,
    description: `The tool ${name}.`,
    params: { type: 'object', properties: {} },
  })),
  injectionTasks: [{ id: 'spend', sinks: [{ tool: 'orderBook', argsContain: '"atlas"' }] }],
};

const readers = toolPolicy({ allow: ['findBook', 'listLoans'] });

const find: Step = {
  tool: 'findBook',
  args: { title: 'Ålesund' },
  result: { shelf: [1, { row: null }] },
};
const loans: Step = { tool: 'listLoans', args: {}, result: 'none', origin: 'injection' };
const order: Step = {
  tool: 'orderBook',
  args: { title: 'atlas' },
  result: null,
  origin: 'injection',
};

function attack(...steps: readonly Step[]): Trace {
  return {
    suite: 'library',
    user: 'reader',
    injection: 'spend',
    prompt: 'Find it.',
    steps: [...steps],
  };
}

const NOTHING: Replay = { rows: [], total: figuresOf([]), runs: [], problems: [] };

function kindsOf(report: TraceReport): readonly Problem['kind'][] {
  return [...new Set(problemsOf([report]).map(({ kind }) => kind))].sort();
}

const newest = aiSdkEngine(v7);

function replay(
  trace: Trace,
  policy: PolicyInput = readers,
  engine = newest,
): Promise<TraceReport> {
  return replayTrace(trace, suite, engine, guardedBy(engine, policy));
}

/** With something else than the guard alone around the tools. */
function replayBehind(trace: Trace, protect: Protect<ToolSet>): Promise<TraceReport> {
  return replayTrace(trace, suite, newest, protect);
}

/** Puts something between the guard and the SDK, or between the tools and the guard. */
function withExecute(
  tools: ToolSet,
  change: (execute: NonNullable<Tool['execute']>) => Tool['execute'],
): ToolSet {
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => {
      const { execute } = tool;
      return [name, execute === undefined ? tool : { ...tool, execute: change(execute) }];
    }),
  );
}

describe.each(versions)('replaying a run through $name', (sdk) => {
  const engine = aiSdkEngine(sdk);
  const through = (trace: Trace) => replay(trace, readers, engine);

  it('tells what was allowed, what was denied and that nothing else happened', async () => {
    const report = await through(attack(find, loans, order));
    expect(report.calls.map(({ verdict, ran }) => [verdict, ran])).toEqual([
      ['allow', true],
      ['allow', true],
      ['deny', false],
    ]);
    expect(problemsOf([report])).toEqual([]);
  });

  it.each([
    ['an object', find],
    ['a text', loans],
    ['null', { ...loans, result: null }],
    ['an empty text', { ...loans, result: '' }],
    ['an error', { ...loans, result: '', error: 'Error: the catalogue is closed' }],
  ])('gives the model %s as it was recorded', async (_, step) => {
    const report = await through(attack(step));
    expect(problemsOf([report])).toEqual([]);
    expect(report.calls[0]).toMatchObject({ verdict: 'allow', ran: true });
  });

  it('leaves a call of a tool that does not exist to the SDK', async () => {
    const report = await through(attack({ ...find, tool: 'burnBook' }, find));
    expect(report.calls.map(({ verdict }) => verdict)).toEqual(['absent', 'allow']);
    expect(problemsOf([report])).toEqual([]);
  });

  it('replays a run without any call', async () => {
    const report = await through(attack());
    expect(report).toMatchObject({ calls: [], problems: [] });
  });

  it('refuses a run whose attack nobody described', async () => {
    await expect(through({ ...attack(find), injection: 'unheard-of' })).rejects.toThrow(
      'unheard-of',
    );
  });
});

describe('the replay sees', () => {
  it('a sink call that is allowed', async () => {
    const report = await replay(attack(find, order), allowAll());
    expect(kindsOf(report)).toEqual(['sink-allowed']);
    expect(figuresOf([report])).toMatchObject({
      stop: { of: 1, count: 0 },
      deny: { of: 1, count: 0 },
    });
  });

  it('a sink call that failed instead of being denied', async () => {
    const report = await replay(attack(order), () => {
      throw new Error('broken policy');
    });
    expect(kindsOf(report)).toEqual(['audit', 'sink-allowed']);
    expect(report.calls[0]).toMatchObject({ verdict: 'undecided', ran: false });
  });

  it('bodies that run without a guard', async () => {
    const report = await replayBehind(attack(find, order), (tools) => tools);
    expect(kindsOf(report)).toEqual(['audit', 'sink-allowed', 'undeclared-body']);
    expect(figuresOf([report])).toMatchObject({ undeclared: 2, stop: { of: 1, count: 0 } });
  });

  it('a guard that writes to another log', async () => {
    const report = await replayBehind(attack(find), (tools) => withGuard(tools, readers));
    expect(kindsOf(report)).toEqual(['audit', 'undeclared-body']);
  });

  it('a body that runs twice', async () => {
    const twice: Protect<ToolSet> = (tools, audit) =>
      withGuard(
        withExecute(tools, (execute) => async (args: unknown, options) => {
          await execute(args, options);
          return execute(args, options) as unknown;
        }),
        readers,
        { audit },
      );
    expect(kindsOf(await replayBehind(attack(find), twice))).toEqual(['undeclared-body']);
  });

  it('a body that gets other arguments than the recorded ones', async () => {
    const other: Protect<ToolSet> = (tools, audit) =>
      withGuard(
        withExecute(
          tools,
          (execute) => (_: unknown, options) => execute({ title: 'x' }, options) as unknown,
        ),
        readers,
        { audit },
      );
    expect(kindsOf(await replayBehind(attack(find), other))).toEqual(['undeclared-body']);
  });

  it('a decision about other arguments than the recorded ones', async () => {
    const other: Protect<ToolSet> = (tools, audit) =>
      withExecute(
        withGuard(tools, readers, { audit }),
        (execute) => (_: unknown, options) => execute({ title: 'x' }, options) as unknown,
      );
    expect(kindsOf(await replayBehind(attack(find), other))).toEqual(['audit', 'undeclared-body']);
  });

  it('a result that the guard cuts', async () => {
    const report = await replay(attack(loans), () => ({
      effect: 'allow',
      obligations: [{ type: 'cap', characters: 2 }],
    }));
    expect(kindsOf(report)).toEqual(['result-changed']);
    expect(figuresOf([report])).toMatchObject({ allowed: { of: 1, count: 0 }, changed: 1 });
  });

  it('a result that is changed in place', async () => {
    const changing: Protect<ToolSet> = (tools, audit) =>
      withExecute(
        withGuard(tools, readers, { audit }),
        (execute) => async (args: unknown, options) => {
          const result = (await execute(args, options)) as { shelf: unknown[] }; // what `find` returns
          result.shelf.push('more');
          return result;
        },
      );
    expect(kindsOf(await replayBehind(attack(find), changing))).toEqual(['result-changed']);
  });

  it('a denial that the model is not told of', async () => {
    const silent: Protect<ToolSet> = (tools, audit) =>
      withExecute(
        withGuard(tools, readers, { audit }),
        (execute) => async (args: unknown, options) => {
          try {
            return (await execute(args, options)) as unknown;
          } catch {
            return 'ordered';
          }
        },
      );
    expect(kindsOf(await replayBehind(attack(order), silent))).toEqual(['denial-lost']);
  });

  it('a call that nobody recorded', async () => {
    const more: Protect<ToolSet> = (tools, audit) =>
      withExecute(
        withGuard(tools, readers, { audit }),
        (execute) => async (args: unknown, options) => {
          await execute(args, { ...options, toolCallId: 'smuggled' });
          return execute(args, options) as unknown;
        },
      );
    expect(kindsOf(await replayBehind(attack(find), more))).toEqual(['audit', 'undeclared-body']);
  });
});

describe('the figures', () => {
  it('tell work, silence and breakage apart', async () => {
    const benign = { ...attack(find), injection: null };
    const reports = [
      await replay(attack(find, order)),
      await replay(attack({ ...order, origin: 'user' })),
      await replay(benign),
      await replay({ ...benign, steps: [find, { ...order, args: {} }] }),
    ];
    expect(figuresOf(reports)).toMatchObject({
      runs: 4,
      calls: 6,
      sinks: { of: 2, count: 2 },
      stop: { of: 2, count: 2 },
      work: { of: 2, count: 1 },
      silent: { of: 2, count: 1 },
      broken: { of: 2, count: 1 },
      problems: 0,
    });
  });

  it('end in a failure as soon as there is a problem, or nothing to replay', async () => {
    const report = await replay(attack(order), allowAll());
    const problems = problemsOf([report]).map((problem) => ({
      suite: 'library',
      set: 'one',
      ...problem,
    }));
    const failed = conclusionOf({ ...NOTHING, total: figuresOf([report]), problems });
    expect(failed).toMatchObject({ ok: false });
    expect(failed.text).toContain('sink-allowed');
    expect(conclusionOf(NOTHING)).toMatchObject({
      ok: false,
    });
  });
});
