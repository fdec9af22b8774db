import { afterEach, describe, expect, it } from 'vitest';
import type { CallContext, ToolCall } from '../call.ts';
import { functionPolicy } from './function-policy.ts';
import type { Opinion, Policy, PolicyFunction, ToolInfo } from './policy.ts';

const tool: ToolInfo = {
  identity: { source: 'app', name: 'refund' },
  facts: { effect: 'destructive', money: true, capabilities: [], why: '' },
};
const call: ToolCall = Object.freeze({
  rid: 'r',
  id: 'c',
  tool: tool.identity,
  facts: tool.facts,
  args: { amount: 5 },
  confined: { amount: 5 },
  labels: [],
});

function raise(thrown: unknown): never {
  throw thrown;
}

const THEN = ['th', 'en'].join('');
/** What looks like a promise. */
const thenable = (then: unknown): PromiseLike<never> =>
  Object.defineProperty({}, THEN, { value: then, configurable: true }) as never;

function decided(
  decide: PolicyFunction,
  layer: Policy['layer'] = 'grants',
  context: CallContext = {},
): Opinion | PromiseLike<Opinion> {
  const ruling = functionPolicy(decide, layer).resolve(tool);
  if (typeof ruling !== 'function') throw new Error('it decides without the call');
  return ruling(call, context);
}

describe('a function as a policy', () => {
  it('gets the call and the context', () => {
    const context = { agent: 'a' };
    const seen: unknown[] = [];
    void decided(
      (...given) => {
        seen.push(...given);
        return 'allow';
      },
      'grants',
      context,
    );
    expect(seen).toEqual([call, context]);
    expect(seen[1]).toBe(context);
  });

  it('decides at once where it does not wait, later where it does', async () => {
    const byAmount: PolicyFunction = ({ args }) =>
      (args as { amount: number }).amount > 4 ? 'ask' : 'allow';
    expect(decided(byAmount)).toMatchObject({ effect: 'ask' });
    const late = decided(async (...given) => byAmount(...given));
    expect(late).toBeInstanceOf(Promise);
    expect(await late).toMatchObject({ effect: 'ask' });
  });

  it.each<[string, PolicyFunction]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['throws a text', () => raise('broken')],
    ['throws what is not readable as text', () => raise(Object.create(null))],
    [
      'rejects with what is not readable as text',
      () => Promise.reject(Object.create(null) as Error),
    ],
    [
      'throws an error whose message throws',
      () => {
        throw Object.defineProperty(new Error(), 'message', {
          get: () => {
            throw new Error('no');
          },
        });
      },
    ],
    [
      'answers something whose then throws',
      () => Object.defineProperty(thenable(1), THEN, { get: () => raise(new Error('no')) }),
    ],
    [
      'answers something that rejects by hand',
      () =>
        thenable((_: unknown, no: (e: unknown) => void) => {
          no(new Error('x'));
        }),
    ],
  ])('that %s denies, in either layer', async (_name, decide) => {
    for (const layer of ['grants', 'restricts'] as const) {
      expect(await decided(decide, layer)).toMatchObject({ effect: 'deny', code: 'policy_error' });
    }
  });

  it.each<[string, unknown]>([
    ['nonsense', 'maybe'],
    ['null', null],
    ['true', true],
    ['an empty object', {}],
  ])('that answers %s denies, now or later, in either layer', async (_name, answer) => {
    for (const layer of ['grants', 'restricts'] as const) {
      expect(await decided(() => answer as 'allow', layer)).toMatchObject({ effect: 'deny' });
      expect(await decided(async () => answer as 'allow', layer)).toMatchObject({ effect: 'deny' });
    }
  });

  it('that answers nothing denies where it grants, and has no opinion where it restricts', async () => {
    const silent: readonly PolicyFunction[] = [() => undefined, async () => undefined];
    for (const decide of silent) {
      expect(await decided(decide, 'grants')).toMatchObject({ effect: 'deny' });
      expect(await decided(decide, 'restricts')).toBeUndefined();
    }
  });

  it('that answers what only looks like a promise is waited for, and heard once', async () => {
    type Then = (resolve: (value: unknown) => void) => unknown;
    const answering =
      (then: Then): PolicyFunction =>
      () =>
        thenable(then);
    // Its then() returns nothing, which must not be taken for no opinion.
    expect(
      await decided(
        answering((resolve) => {
          resolve('deny');
        }),
        'restricts',
      ),
    ).toMatchObject({ effect: 'deny' });
    expect(
      await decided(
        answering((resolve) => {
          resolve('deny');
          resolve('allow');
        }),
        'grants',
      ),
    ).toMatchObject({ effect: 'deny' });
    expect(
      await decided(
        answering((resolve) => {
          resolve(thenable((again: (v: unknown) => void) => again('ask')));
        }),
        'grants',
      ),
    ).toMatchObject({ effect: 'ask' });
  });

  it('is named in what it decides', async () => {
    function byAmount(): 'deny' {
      return 'deny';
    }
    expect(await decided(byAmount)).toMatchObject({ reason: 'policy function "byAmount" says so' });
    expect(
      await decided(
        (
          () => () =>
            'deny' as const
        )(),
      ),
    ).toMatchObject({ reason: 'policy function says so' });
  });

  it('has a digest of its source and its layer', () => {
    const one: PolicyFunction = () => 'allow';
    const other: PolicyFunction = () => 'deny';
    const id = (decide: PolicyFunction, layer: Policy['layer']): string =>
      functionPolicy(decide, layer).digest({});
    expect(id(one, 'grants')).toBe(id(one, 'grants'));
    expect(new Set([id(one, 'grants'), id(other, 'grants'), id(one, 'restricts')]).size).toBe(3);
  });
});

describe('with a polluted Object.prototype', () => {
  afterEach(() => {
    delete (Object.prototype as Record<string, unknown>)['effect'];
  });

  it('an empty answer is still no allow', async () => {
    (Object.prototype as Record<string, unknown>)['effect'] = 'allow';
    const decision = await decided(() => ({}) as never);
    delete (Object.prototype as Record<string, unknown>)['effect'];
    expect(decision?.effect).toBe('deny');
  });
});
