import { describe, expect, it } from 'vitest';

import {
  emptyFlow,
  entriesOf,
  expectRefusal,
  expectVerified,
  never,
  storyOf,
  thrownBy,
} from '../test/harness.ts';
import type { CallContext } from './call.ts';
import type { DataFlow, FlowSight, Turn } from './data-flow.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import { memoryLabels } from './labels.ts';
import { allowAll } from './policy/allow-all.ts';
import { layers } from './policy/layers.ts';
import { standardPolicy } from './policy/standard.ts';
import type { Policy } from './policy/policy.ts';

const SHORT = { policyTimeoutMs: 20, storeTimeoutMs: 20 };
const context: CallContext = { principal: { id: 'ann' }, session: 's1' };

/** A data flow that tells what it was told, in order. */
function noting(more: Partial<DataFlow> = {}) {
  const story: string[] = [];
  const sights: FlowSight[] = [];
  const heard: Turn[] = [];
  const flow = emptyFlow();
  const dataFlow: DataFlow = {
    ...flow,
    session(who, turns) {
      story.push('session');
      heard.push(...turns);
      return flow.session(who, turns);
    },
    starting: ({ args }) => void story.push(`starting ${JSON.stringify(args)}`),
    observe(_call, _context, sight) {
      story.push(sight.kind);
      sights.push(sight);
      return [];
    },
    ...more,
  };
  return { dataFlow, story, sights, heard };
}

describe('a data flow', () => {
  it('is asked before the policy, told before the body, and told before the model', async () => {
    const { dataFlow, story, sights } = noting();
    const guard = createGuard({
      policy: (call) => {
        story.push(`policy ${typeof call.flow?.isVouched}`);
        return 'allow';
      },
      dataFlow,
    });
    const result = await guard.call({ tool: 'read', args: { n: 1 } }, async () => {
      story.push('body');
      return 'text';
    });
    story.push(result);
    expect(story).toEqual([
      'session',
      'policy function',
      'starting {"n":1}',
      'body',
      'result',
      'text',
    ]);
    expect(sights).toEqual([{ kind: 'result', value: 'text', labels: [] }]);
  });

  it('leaves a synchronous tool synchronous', () => {
    const { dataFlow, story } = noting();
    const guard = createGuard({ policy: allowAll(), dataFlow });
    expect(guard.wrap('read', (text: string) => text.length)('four')).toBe(4);
    expect(story).toContain('result');
  });

  it('is told what a call threw', async () => {
    const { dataFlow, sights } = noting();
    const guard = createGuard({ policy: allowAll(), dataFlow });
    const error = new Error('no such page');
    expect(
      await thrownBy(() => guard.call({ tool: 'read', args: {} }, () => Promise.reject(error))),
    ).toBe(error);
    expect(sights).toMatchObject([{ kind: 'error', value: error }]);
  });

  it('is not told of calls that were denied, nor of what the guard itself says', async () => {
    const { dataFlow, story } = noting();
    const guard = createGuard({ policy: () => 'deny', dataFlow });
    await expectRefusal(() => guard.call({ tool: 'read', args: {} }, () => 1), 'denied');
    expect(story).toEqual(['session']);
    const slow = createGuard({ policy: allowAll(), dataFlow, timeoutMs: 5 });
    await expectRefusal(() => slow.call({ tool: 'read', args: {} }, () => never()), 'timeout');
    expect(story).toEqual(['session', 'session', 'starting {}']);
  });

  it('sees what the model sees, not what was hidden from it', async () => {
    const { dataFlow, sights } = noting();
    const guard = createGuard({
      policy: () => ({ effect: 'allow', obligations: [{ type: 'redact', fields: ['pin'] }] }),
      dataFlow,
    });
    await guard.call({ tool: 'read', args: {} }, () => ({ pin: '1234', name: 'Ann' }));
    expect(sights).toMatchObject([{ value: { pin: '[redacted]', name: 'Ann' } }]);
  });

  it('gets what the decision says of the fields, from every layer', async () => {
    const { dataFlow, sights } = noting();
    const says = (of: Readonly<Record<string, 'trusted' | 'untrusted'>>) => ({
      effect: 'allow' as const,
      obligations: [{ type: 'origins' as const, of }],
    });
    const guard = createGuard({
      policy: layers([
        { name: 'a', grants: () => says({ '[].to': 'trusted' }) },
        { name: 'b', restricts: () => says({ '': 'untrusted' }) },
      ]),
      dataFlow,
    });
    await guard.call({ tool: 'list', args: {} }, () => []);
    expect(sights[0]?.labels).toEqual([{ '[].to': 'trusted' }, { '': 'untrusted' }]);
  });

  it.each([
    ['no paths', undefined],
    ['a list', [1]],
    ['a label that is no text', { to: 1 }],
  ])('denies origins that are not understood: %s', async (_, of) => {
    const policy = () => ({ effect: 'allow', obligations: [{ type: 'origins', of }] }) as never;
    const guard = createGuard({ policy, dataFlow: emptyFlow() });
    await expectRefusal(
      () => guard.call({ tool: 'list', args: {} }, () => []),
      'obligation_unknown',
    );
  });

  it('adds labels to the session before the model sees the result', async () => {
    const labels = memoryLabels();
    const guard = createGuard({
      policy: ({ labels: has }) => (has.includes('untrusted:web') ? 'deny' : 'allow'),
      dataFlow: { ...emptyFlow(), observe: () => ['untrusted:web'] },
      labels,
      context,
    });
    await guard.call({ tool: 'read', args: {} }, () => 'page');
    expect(labels.get({ tenant: undefined, principal: 'ann', session: 's1' })).toEqual([
      'untrusted:web',
    ]);
    await expectRefusal(() => guard.call({ tool: 'send', args: {} }, () => 'sent'), 'denied');
  });

  it('decides again on what was seen meanwhile, when an approval was given', async () => {
    let bad = false;
    const flow = emptyFlow();
    const dataFlow: DataFlow = {
      ...flow,
      session: async (...given) => ({ ...(await flow.session(...given)), isVouched: () => !bad }),
    };
    const guard = createGuard({
      policy: ({ flow: seen }) => (seen?.isVouched('x', []) === true ? 'ask' : 'deny'),
      approver: () => {
        bad = true;
        return 'approve';
      },
      dataFlow,
    });
    let ran = false;
    await expectRefusal(
      () =>
        guard.call({ tool: 'pay', args: {} }, () => {
          ran = true;
        }),
      'denied',
    );
    expect(ran).toBe(false);
  });

  it('is about what the model is shown of a result that holds more', async () => {
    const { dataFlow, sights } = noting();
    const guard = createGuard({ policy: allowAll(), dataFlow });
    const shown = (result: unknown) => (result as { readonly text: string }).text;
    const tool = guard.tool({ name: 'read', shown });
    const result = { text: 'page', bytes: 4 };
    expect(tool.run({ args: {} }, () => result)).toBe(result);
    expect(sights).toMatchObject([{ kind: 'result', value: 'page' }]);
  });

  it('withholds a result of which nobody can say what is shown', async () => {
    const guard = createGuard({ policy: allowAll(), dataFlow: emptyFlow() });
    const shown = (): never => {
      throw new Error('no content');
    };
    const tool = guard.tool({ name: 'read', shown });
    await expectRefusal(() => tool.run({ args: {} }, () => 'text'), 'result_withheld');
  });

  it('hears what was said although the tool is denied whatever its arguments', async () => {
    const { dataFlow, heard } = noting();
    const guard = createGuard({ policy: standardPolicy({ deny: ['pay'] }), dataFlow });
    const turns: readonly Turn[] = [{ role: 'user', text: 'pay DE89' }];
    const pay = guard.tool({ name: 'pay' });
    expect(pay.fixed()?.effect).toBe('deny');
    await expectRefusal(() => pay.run({ args: {}, turns: () => turns }, () => 1), 'denied');
    expect(heard).toEqual(turns);
  });

  it('is told that a call is over, however that came about', async () => {
    const over: string[] = [];
    const story: string[] = [];
    const guard = createGuard({
      policy: ({ args }) => (args === 'denied' ? 'deny' : 'allow'),
      dataFlow: {
        ...emptyFlow(),
        observe: (_call, _context, { kind }) => {
          story.push(kind);
          return [];
        },
        ended: ({ args }) => {
          over.push(String(args));
          story.push('over');
          throw new Error('nobody minds');
        },
      },
      timeoutMs: 20,
    });
    const call = (args: string, body: () => unknown) => guard.call({ tool: 'do', args }, body);
    await call('answered', () => 1);
    expect(story).toEqual(['result', 'over']);
    await thrownBy(() => call('failed', () => Promise.reject(new Error('no'))));
    await thrownBy(() => call('denied', () => 1));
    await thrownBy(() => call('given up', () => never()));
    const stream = await guard.call({ tool: 'do', args: 'read' }, async function* () {
      yield 1;
    });
    expect(over).toEqual(['answered', 'failed', 'denied', 'given up']);
    for await (const chunk of stream) void chunk;
    expect(over.at(-1)).toBe('read');
  });

  it('follows calls that somebody else runs up to their start', async () => {
    const { dataFlow, story } = noting();
    const guard = createGuard({ policy: allowAll(), dataFlow });
    await guard.enforce({ tool: 'pay', args: { n: 1 } });
    await guard.decide({ tool: 'pay', args: { n: 2 } });
    expect(story).toEqual(['session', 'starting {"n":1}', 'session']);
  });
});

describe('what was said', () => {
  const turns: readonly Turn[] = [
    { role: 'user', text: 'pay DE89' },
    { role: 'tool', call: 'c1', value: 'page' },
  ];

  it('reaches the data flow with the call, before the policy is asked', async () => {
    const { dataFlow, heard } = noting();
    const guard = createGuard({ policy: allowAll(), dataFlow });
    await guard.call({ tool: 'pay', args: {}, turns: () => turns }, () => 1);
    expect(heard).toEqual(turns);
  });

  it('is not even asked for without one', async () => {
    const guard = createGuard({ policy: allowAll() });
    const unread = (): never => {
      throw new Error('not to be called');
    };
    expect(await guard.call({ tool: 'pay', args: {}, turns: unread }, () => 1)).toBe(1);
    await guard.heard(turns);
  });

  it('denies where it cannot be read', async () => {
    const { dataFlow } = noting();
    const guard = createGuard({ policy: allowAll(), dataFlow });
    const broken = (): never => {
      throw new Error('a message without content');
    };
    const error = await expectRefusal(
      () => guard.call({ tool: 'pay', args: {}, turns: broken }, () => 1),
      'flow_error',
    );
    expect(error.message).toContain('a message without content');
  });

  it('can be told without a call, on behalf of whom the guard is bound to', async () => {
    const told: unknown[] = [];
    const flow = emptyFlow();
    const session: DataFlow['session'] = (who, said) => {
      told.push(who.principal?.id, said);
      return flow.session(who, said);
    };
    const guard = createGuard({ policy: allowAll(), dataFlow: { ...flow, session } });
    await guard.with(context).heard(turns);
    expect(told).toEqual(['ann', turns]);
    await guard.close();
    await expectRefusal(() => guard.heard(turns), 'closed');
  });

  it('that cannot be kept is an error for whoever tells it', async () => {
    const session = (): never => {
      throw new Error('no database');
    };
    const guard = createGuard({ policy: allowAll(), dataFlow: { ...emptyFlow(), session } });
    await expectRefusal(() => guard.heard(turns), 'flow_error');
  });
});

/** Ways of a part to fail. */
const FAILURES: ReadonlyArray<readonly [string, () => never]> = [
  [
    'throws',
    () => {
      throw new Error('it broke');
    },
  ],
  ['rejects', () => Promise.reject(new Error('it broke')) as never],
  ['never answers', () => never() as never],
];

async function refused(options: Partial<GuardOptions>, code: 'flow_error' | 'result_withheld') {
  const guard = createGuard({ policy: allowAll(), ...SHORT, ...options });
  let ran = false;
  const error = await expectRefusal(
    () =>
      guard.call({ tool: 'pay', args: {} }, () => {
        ran = true;
        return 'the result';
      }),
    code,
  );
  expect(error).toMatchObject({ tool: 'pay' });
  expect(error.message).not.toContain('the result');
  await expectVerified(guard);
  return { ran, story: await storyOf(guard), error };
}

describe('a data flow that cannot be relied upon', () => {
  it.each([
    ...FAILURES,
    ['answers nothing', () => undefined as never] as const,
    ['answers an empty object', () => ({}) as never] as const,
    ['lends methods from a prototype', () => Object.create(emptyFlow()) as never] as const,
  ])('lets nothing run where it cannot say what was seen: it %s', async (_, session) => {
    const { ran, story } = await refused({ dataFlow: { ...emptyFlow(), session } }, 'flow_error');
    expect(ran).toBe(false);
    expect(story).toEqual(['tool.deny flow_error']);
  });

  it.each(FAILURES)(
    'lets nothing start that it cannot take note of: it %s',
    async (_, starting) => {
      const { ran, story } = await refused(
        { dataFlow: { ...emptyFlow(), starting } },
        'flow_error',
      );
      expect(ran).toBe(false);
      expect(story).toEqual(['tool.allow', 'tool.outcome not-started flow_error']);
    },
  );

  it.each([
    ...FAILURES,
    ['answers nothing', () => undefined as never] as const,
    ['answers labels that are none', () => [1] as never] as const,
  ])('withholds what it cannot keep: it %s', async (_, observe) => {
    const dataFlow = { ...emptyFlow(), observe };
    const { ran, story } = await refused({ dataFlow }, 'result_withheld');
    expect(ran).toBe(true);
    expect(story).toEqual(['tool.allow', 'tool.outcome withheld result_withheld']);
  });

  it('withholds an error, too', async () => {
    const dataFlow: DataFlow = { ...emptyFlow(), observe: () => Promise.reject(new Error('full')) };
    const guard = createGuard({ policy: allowAll(), dataFlow });
    const error = await expectRefusal(
      () => guard.call({ tool: 'read', args: {} }, () => Promise.reject(new Error('page says X'))),
      'result_withheld',
    );
    expect(error.message).not.toContain('page says X');
  });
});

describe('a stream', () => {
  async function* words(): AsyncGenerator<string, string, unknown> {
    yield 'one';
    yield 'two';
    return 'end';
  }

  async function drained(stream: AsyncGenerator<string, unknown, unknown>): Promise<string[]> {
    const seen: string[] = [];
    for await (const word of stream) seen.push(word);
    return seen;
  }

  it('is followed chunk by chunk, to its end', async () => {
    const { dataFlow, sights } = noting();
    const guard = createGuard({ policy: allowAll(), dataFlow });
    expect(await drained(guard.wrap('read', words)())).toEqual(['one', 'two']);
    expect(sights.map(({ kind, value }) => [kind, value])).toEqual([
      ['chunk', 'one'],
      ['chunk', 'two'],
      ['end', 'end'],
    ]);
  });

  it('has an end when it fails, and when its consumer leaves', async () => {
    const { dataFlow, story } = noting();
    const guard = createGuard({ policy: allowAll(), dataFlow });
    const failing = guard.wrap('read', async function* () {
      yield 'one';
      throw new Error('broke off');
    });
    await thrownBy(() => drained(failing()));
    expect(story.slice(-3)).toEqual(['chunk', 'error', 'end']);
    const left = guard.wrap('read', words)();
    await left.next();
    await left.return('enough');
    expect(story.slice(-2)).toEqual(['chunk', 'end']);
  });

  it('hands on no chunk that is not kept, and ends its body', async () => {
    let cleaned = false;
    const dataFlow: DataFlow = {
      ...emptyFlow(),
      observe: (_call, _context, { value }) => {
        if (value === 'two') throw new Error('full');
        return [];
      },
    };
    const guard = createGuard({ policy: allowAll(), dataFlow });
    const stream = guard.wrap('read', async function* () {
      try {
        yield* words();
      } finally {
        cleaned = true;
      }
    })();
    expect(await stream.next()).toEqual({ done: false, value: 'one' });
    await expectRefusal(() => stream.next(), 'result_withheld');
    expect(cleaned).toBe(true);
    expect((await entriesOf(guard)).at(-1)).toMatchObject({ status: 'withheld' });
  });

  it('whose end cannot be kept ends withheld', async () => {
    const dataFlow: DataFlow = {
      ...emptyFlow(),
      observe: (_call, _context, { kind }) => {
        if (kind === 'end') throw new Error('full');
        return [];
      },
    };
    const guard = createGuard({ policy: allowAll(), dataFlow });
    await expectRefusal(() => drained(guard.wrap('read', words)()), 'result_withheld');
    expect((await storyOf(guard)).at(-1)).toBe('tool.outcome withheld result_withheld');
  });
});

describe('a policy that needs to know where values came from', () => {
  const needing: Policy = { ...allowAll(), needs: { dataFlow: true } };

  it('is refused at once by a guard that does not', () => {
    expect(() => createGuard({ policy: needing })).toThrow(/createGuard\(\{ dataFlow/);
    const inLayers = layers([
      { name: 'a', grants: allowAll() },
      { name: 'b', grants: needing },
    ]);
    expect(() => createGuard({ policy: inLayers })).toThrow(/to know where values came from/);
  });

  it('is taken by one that does', async () => {
    const guard = createGuard({ policy: needing, dataFlow: emptyFlow() });
    expect(await guard.call({ tool: 'read', args: {} }, () => 1)).toBe(1);
  });
});
