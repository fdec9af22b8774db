import { allowAll, type ApprovalRequest, createGuard } from '@guardstile/core';
import { tool, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { approve, converse, resume } from '../../../test/conformance/ai-sdk/conversation.ts';
import { unansweredIn } from '../../../test/conformance/ai-sdk/read-messages.ts';
import { withGuard } from './index.ts';

const inputSchema = z.object({ amount: z.number() });
const CALLS = [{ id: 'call-1', tool: 'refund', args: { amount: 5 } }];

/** A tool with any `needsApproval`, also such as its type has not. */
function needing(needsApproval: unknown) {
  const runs: unknown[] = [];
  const own = { needsApproval: needsApproval as boolean };
  const refund = tool({
    inputSchema,
    ...own,
    execute: async (input) => {
      runs.push(input);
      return 'refunded';
    },
  });
  return { runs, refund, own };
}

async function asks(tools: ToolSet): Promise<boolean> {
  return unansweredIn(await converse(tools, CALLS)).size > 0;
}

const thenable = (value: unknown) => ({
  // eslint-disable-next-line unicorn/no-thenable -- what is tested
  then: (resolve: (value: unknown) => void) => resolve(value),
});

describe("a tool's own needsApproval", () => {
  const wanted: ReadonlyArray<[string, unknown]> = [
    ['true', true],
    ['a text', 'always'],
    ['a function', () => true],
    ['an asynchronous function', async () => true],
    ['a function of a thenable', () => thenable(true)],
    ['a function that answers a number', () => 1],
    ['a function of the input', ({ amount }: { amount: number }) => amount > 4],
  ];
  const unwanted: ReadonlyArray<[string, unknown]> = [
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['a function', () => false],
    ['an asynchronous function', async () => false],
    ['a function of a thenable', () => thenable(false)],
    ['a function that answers nothing', () => undefined],
    ['a function of the input', ({ amount }: { amount: number }) => amount > 5],
  ];
  const failing: ReadonlyArray<[string, unknown]> = [
    [
      'throws',
      () => {
        throw new Error('cannot say');
      },
    ],
    ['rejects', () => Promise.reject(new Error('cannot say'))],
  ];

  it.each(wanted)('is asked under a guard that allows everything: %s', async (_, own) => {
    const { runs, refund } = needing(own);
    expect(await asks({ refund })).toBe(true);
    const tools = withGuard({ refund }, allowAll());
    const messages = await converse(tools, CALLS);
    expect(runs).toEqual([]);
    await resume(tools, approve(messages));
    expect(runs).toEqual([{ amount: 5 }]);
  });

  it.each(unwanted)('lets run what it lets run without a guard: %s', async (_, own) => {
    const { runs, refund } = needing(own);
    expect(await asks({ refund })).toBe(false);
    expect(runs).toHaveLength(1);
    expect(await asks(withGuard({ refund }, allowAll()))).toBe(false);
    expect(runs).toHaveLength(2);
  });

  it.each(failing)('is asked when it %s, and the run goes on', async (_, own) => {
    const { runs, refund } = needing(own);
    expect(await asks(withGuard({ refund }, allowAll()))).toBe(true);
    expect(runs).toEqual([]);
  });

  it.each([...wanted, ...failing])(
    'is asked of the approver where there is one: %s',
    async (_, own) => {
      const { runs, refund } = needing(own);
      const requests: ApprovalRequest[] = [];
      const guard = createGuard({
        policy: allowAll(),
        approver: (request) => {
          requests.push(request);
          return 'approve';
        },
      });
      expect(await asks(withGuard({ refund }, guard))).toBe(false);
      expect(requests).toHaveLength(1);
      expect(requests[0]?.reason).toContain('the tool refund itself needs approval');
      expect(runs).toEqual([{ amount: 5 }]);
    },
  );

  it.each([...wanted, ...failing])(
    'is enforced in execute, whatever else is asked: %s',
    async (_, own) => {
      const { runs, refund } = needing(own);
      const { refund: guarded } = withGuard({ refund }, allowAll());
      const options = { toolCallId: 'call-1', messages: [], context: {} };
      const called = Promise.resolve(guarded.execute?.({ amount: 5 }, options));
      await expect(called).rejects.toMatchObject({ code: 'approval_required' });
      expect(runs).toEqual([]);
    },
  );

  it('is asked beside the policy, with both reasons', async () => {
    const { refund } = needing(true);
    const reasons: string[] = [];
    const guard = createGuard({
      policy: () => ({ effect: 'ask', reason: 'money leaves the house' }),
      approver: ({ reason }) => {
        reasons.push(reason);
        return 'deny';
      },
    });
    await converse(withGuard({ refund }, guard), CALLS);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain('money leaves the house');
    expect(reasons[0]).toContain('the tool refund itself needs approval');
  });

  it('is not asked where the policy denies', async () => {
    const { runs, refund } = needing(true);
    const messages = await converse(
      withGuard({ refund }, () => 'deny'),
      CALLS,
    );
    expect(unansweredIn(messages).size).toBe(0);
    expect(JSON.stringify(messages)).toContain('denied');
    expect(runs).toEqual([]);
  });

  it('is called on the tool itself, with what the SDK passes', async () => {
    class Refund {
      readonly #limit = 4;
      readonly seen: unknown[] = [];
      readonly inputSchema = inputSchema;
      needsApproval({ amount }: { amount: number }, options: { readonly toolCallId: string }) {
        this.seen.push(options.toolCallId);
        return amount > this.#limit;
      }
      execute() {
        return 'refunded';
      }
    }
    const refund = new Refund();
    const tools = withGuard({ refund }, allowAll()) as unknown as ToolSet;
    expect(await asks(tools)).toBe(true);
    const small = [{ id: 'call-2', tool: 'refund', args: { amount: 1 } }];
    expect(unansweredIn(await converse(tools, small)).size).toBe(0);
    expect(new Set(refund.seen)).toEqual(new Set(['call-1', 'call-2']));
  });
});

describe('a changed copy of a guarded tool', () => {
  it('is still guarded without its needsApproval', async () => {
    const { runs, refund } = needing(true);
    const { refund: guarded } = withGuard({ refund }, allowAll());
    const copy = { ...guarded, needsApproval: undefined };
    expect(JSON.stringify(await converse({ refund: copy }, CALLS))).toContain(
      'nobody can be asked',
    );
    expect(runs).toEqual([]);
  });

  it.each([
    ['the same guard', true],
    ['another guard', false],
  ])('keeps the needsApproval that was added before it is guarded by %s', async (_, same) => {
    const { runs, refund } = needing(false);
    const guard = createGuard({ policy: allowAll() });
    const { refund: guarded } = withGuard({ refund }, guard);
    const copy = { ...guarded, needsApproval: true };
    const tools = withGuard(
      { refund: copy },
      same ? guard.with({ session: 'chat-1' }) : createGuard({ policy: allowAll() }),
    );
    expect(await asks(tools)).toBe(true);
    expect(runs).toEqual([]);
  });

  it.each([
    ['the same guard', true],
    ['another guard', false],
  ])('keeps the needsApproval that was removed before it is guarded by %s', async (_, same) => {
    const { runs, refund } = needing(true);
    const guard = createGuard({ policy: allowAll() });
    const { refund: guarded } = withGuard({ refund }, guard);
    const copy = { ...guarded, needsApproval: false };
    const tools = withGuard({ refund: copy }, same ? guard : createGuard({ policy: allowAll() }));
    expect(await asks(tools)).toBe(true);
    expect(runs).toEqual([]);
  });

  const no = () => false;
  const yes = async () => true;
  it.each([
    ['only the first wants it', yes, no, true],
    ['only the second wants it', no, yes, true],
    ['the first always wants it', true, no, true],
    ['the second always wants it', no, true, true],
    ['neither wants it', no, no, false],
  ])('asks as both demands say, the old and the added: %s', async (_, first, second, wanted) => {
    const { refund } = needing(first);
    const guard = createGuard({ policy: allowAll() });
    const { refund: guarded } = withGuard({ refund }, guard);
    const copy = { ...guarded, ...needing(second).own };
    expect(await asks(withGuard({ refund: copy }, guard))).toBe(wanted);
  });

  it('asks once for what was demanded before and after', async () => {
    const { runs, refund } = needing(async () => true);
    const guard = createGuard({ policy: allowAll() });
    const { refund: guarded } = withGuard({ refund }, guard);
    const tools = withGuard({ refund: { ...guarded, needsApproval: async () => true } }, guard);
    await resume(tools, approve(await converse(tools, CALLS)));
    expect(runs).toEqual([{ amount: 5 }]);
    expect(await guard.audit?.query({ action: 'tool.ask' })).toHaveLength(1);
  });
});
