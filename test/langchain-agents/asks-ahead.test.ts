import { createGuard } from '@guardstile/langchain';
import { describe, expect, it } from 'vitest';

import { agentWith, approve, attempts, byName, edit, reject } from './agents.ts';

describe('asks ahead of the calls', () => {
  it('come one after the other, each with exactly one action and its approval', async () => {
    const { start, resume, ran } = agentWith({
      calls: [
        ['pay', '1'],
        ['pay', '2'],
      ],
    });
    const first = await start();
    expect(first.waiting).toMatchObject([
      { args: { x: '1' }, allowed: ['approve', 'edit', 'reject'] },
    ]);
    const second = await resume(approve);
    expect(second.waiting).toMatchObject([{ args: { x: '2' } }]);
    expect(second.waiting[0]?.aid).not.toBe(first.waiting[0]?.aid);
    expect(ran).toEqual([]);
    expect((await resume(approve)).answers).toEqual(['pay did 1', 'pay did 2']);
    expect(ran).toEqual(['pay 1', 'pay 2']);
  });

  it('leave every other call of a batch to its own verdict', async () => {
    const { start, resume, ran } = agentWith({
      calls: [
        ['pay', '1'],
        ['look', '2'],
        ['erase', '3'],
        ['pay', '4'],
      ],
    });
    await start();
    await resume(reject);
    const { answers } = await resume(approve);
    expect(ran.toSorted()).toEqual(['look 2', 'pay 4']);
    expect(answers).toMatchObject([
      expect.stringContaining('(they say: no)'),
      'look did 2',
      expect.stringContaining('denied'),
      'pay did 4',
    ]);
  });

  it('are answered by interrupt id as well, and by the list of the Agent Inbox', async () => {
    const { start, resume, ran } = agentWith({
      calls: [
        ['pay', '1'],
        ['pay', '2'],
      ],
    });
    const { waiting } = await start();
    await resume({ [waiting[0]?.id ?? '']: approve });
    await resume([{ type: 'accept', args: null }]);
    expect(ran).toEqual(['pay 1', 'pay 2']);
  });

  it.each<readonly [string, unknown]>([
    ['text', 'yes'],
    ['true', true],
    ['no decision', { decisions: [] }],
    ['two decisions', { decisions: [{ type: 'approve' }, { type: 'approve' }] }],
    ['an unknown decision', { decisions: [{ type: 'Approve' }] }],
    ['another approval', { aid: 'aid_other', decisions: [{ type: 'approve' }] }],
  ])('that are answered with %s are rejected', async (_, answer) => {
    const { start, resume, ran } = agentWith({ calls: [['pay', '1']] });
    await start();
    const { answers, waiting } = await resume(answer);
    expect([ran, waiting]).toEqual([[], []]);
    expect(answers).toEqual([expect.stringContaining('a person denied it')]);
  });

  it('are for an approver in this process, where there is one', async () => {
    const asked: unknown[] = [];
    const guard = createGuard({
      policy: byName,
      approver: ({ args }) => {
        asked.push(args);
        return 'approve';
      },
    });
    const { start, ran } = agentWith({ calls: [['pay', '1']], guard });
    expect((await start()).waiting).toEqual([]);
    expect([asked, ran]).toEqual([[{ x: '1' }], ['pay 1']]);
  });

  it('give each start of a body its own attempt and allow entry', async () => {
    const { start, resume, guard } = agentWith({
      calls: [
        ['pay', '1'],
        ['look', '2'],
      ],
    });
    await start();
    await resume(approve);
    const started = await attempts(guard);
    expect(new Set(started).size).toBe(2);
  });
});

describe('an edit', () => {
  it('of a field that may be edited runs the edited call, and shows it to the model', async () => {
    const { start, resume, ran } = agentWith({ calls: [['pay', '1']] });
    await start();
    const { messages } = await resume(edit('pay', '9'));
    expect(ran).toEqual(['pay 9']);
    expect(messages[1]).toMatchObject({ tool_calls: [{ name: 'pay', args: { x: '9' } }] });
  });

  it('is remembered while other calls are asked about, each for its own call', async () => {
    const { start, resume, ran } = agentWith({
      calls: [
        ['pay', '1'],
        ['pay', '2'],
        ['pay', '3'],
      ],
    });
    await start();
    await resume(edit('pay', '8'));
    await resume(edit('pay', '9'));
    await resume(approve);
    expect(ran).toEqual(['pay 8', 'pay 9', 'pay 3']);
  });

  it.each<readonly [string, string, string]>([
    ['of another tool', 'look', 'another tool'],
    ['that turns it into a tool that is denied', 'erase', 'another tool'],
  ])('%s is a rejection', async (_, name, words) => {
    const { start, resume, ran } = agentWith({ calls: [['pay', '1']] });
    await start();
    const { answers } = await resume(edit(name, '9'));
    expect(ran).toEqual([]);
    expect(answers).toEqual([expect.stringContaining(words)]);
  });

  it('of a field that may not be edited is a rejection that says so', async () => {
    const { start, resume, ran } = agentWith({
      calls: [['pay', '1']],
      policy: () => ({ effect: 'ask', requirements: { editable: ['note'] } }),
    });
    const { waiting } = await start();
    expect(waiting[0]?.allowed).toContain('edit');
    const { answers } = await resume(edit('pay', '9'));
    expect(ran).toEqual([]);
    expect(answers).toEqual([expect.stringContaining('only note of it may be edited, and x was')]);
  });

  it('is neither offered nor taken where nothing may be edited', async () => {
    const { start, resume, ran } = agentWith({ calls: [['pay', '1']], policy: () => 'ask' });
    const { waiting } = await start();
    expect(waiting[0]?.allowed).toEqual(['approve', 'reject']);
    await resume(edit('pay', '9'));
    expect(ran).toEqual([]);
  });

  it('is decided anew: what the policy denies does not run', async () => {
    const { start, resume, ran } = agentWith({
      calls: [['pay', '1']],
      policy: ({ args }) =>
        (args as { x: string }).x === '9'
          ? 'deny'
          : { effect: 'ask', requirements: { editable: ['x'] } },
    });
    await start();
    const { answers } = await resume(edit('pay', '9'));
    expect(ran).toEqual([]);
    expect(answers).toEqual([expect.stringContaining('denied: policy function')]);
  });

  it('to arguments that do not fit the schema runs nothing', async () => {
    const { start, resume, ran } = agentWith({ calls: [['pay', '1']] });
    await start();
    await resume(edit('pay', 9 as never));
    expect(ran).toEqual([]);
  });
});

describe('an ask for somebody else', () => {
  const policy = () =>
    ({
      effect: 'ask',
      requirements: { votes: [{ kind: 'approvers', by: ['boss'], quorum: 1 }] },
    }) as const;

  it('is not answered by the requester, however often, but can be turned down', async () => {
    const { start, resume, ran } = agentWith({ calls: [['pay', '1']], policy });
    await start();
    expect((await resume(approve)).waiting).toHaveLength(1);
    expect((await resume(approve)).waiting).toHaveLength(1);
    expect(ran).toEqual([]);
    expect((await resume(reject)).answers).toEqual([expect.stringContaining('denied')]);
    expect(ran).toEqual([]);
  });
});
