import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import {
  type ApprovalStore,
  createGuard,
  isGuardError,
  memoryApprovals,
  type Vote,
} from '@guardstile/core';
import { describe, expect, it, onTestFinished } from 'vitest';

import { approvalFor, FINANCE } from '../../test/approval-for.ts';
import { recordedChannel } from '../../test/recorded-channel.ts';
import { attachChannels, type AttachChannelsOptions } from './attach-channels.ts';
import { channelError, type DeadLetter } from './channel.ts';

function attach(options: AttachChannelsOptions): () => void {
  const detach = attachChannels({ backoffMs: 1, ...options });
  onTestFinished(detach);
  return detach;
}

/** Until it is so; the test's own limit ends what never is. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** As long as whatever is on its way takes to arrive. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

const vote = (digest: Vote['digest'], verdict: Vote['verdict'], voter: string): Vote => ({
  verdict,
  voter,
  roles: ['finance'],
  channel: 'test',
  digest,
});

describe('attached channels', () => {
  it('are told of what is open, of each change, and of the end', async () => {
    const approvals = memoryApprovals();
    const before = await approvalFor(approvals);
    const [one, other] = [recordedChannel('one'), recordedChannel('other')];
    attach({ approvals, channels: [one, other] });
    await until(() => one.all.length === 1);
    const { aid, bindings } = before;
    await approvals.vote(aid, vote(bindings.digest, 'approve', 'bob'), 1);
    await until(() => one.all.length === 2);
    await approvals.vote(aid, vote(bindings.digest, 'approve', 'carol'), 2);
    await until(() => one.all.length === 3);
    const later = await approvalFor(approvals);
    await until(() => other.all.length === 4);
    // What becomes of an approved one is nobody's question any more.
    await approvals.consume(aid, 'claim', bindings);
    await settled();
    expect(one.steps()).toEqual([
      `open ${aid} 1`,
      `update ${aid} 2`,
      `close ${aid} 3`,
      `open ${later.aid} 1`,
    ]);
    expect(other.steps()).toEqual(one.steps());
  });

  it('see no arguments that are hidden, and no secrets in reasons', async () => {
    const approvals = memoryApprovals();
    const channel = recordedChannel('one');
    const key = `sk-ant-api03-${'a'.repeat(80)}`;
    await approvalFor(approvals, { password: 'hunter2' }, { reason: `because of ${key}` });
    attach({ approvals, channels: [channel] });
    await until(() => channel.all.length === 1);
    const told = JSON.stringify(channel.all[0]?.approval);
    expect(told).toContain('[redacted]');
    expect(told).not.toContain('hunter2');
    expect(told).not.toContain(key);
    expect(channel.all[0]?.approval).not.toHaveProperty('args');
  });

  it('are told of what a guard in this process asks, also by a store that tells nobody', async () => {
    const { subscribe: _, ...approvals } = memoryApprovals();
    const guard = createGuard({
      policy: () => ({ effect: 'ask', reason: 'look at it' }),
      approvals,
      approver: () => 'approve',
    });
    const seen = recordedChannel('one');
    attach({ approvals, guard, channels: [seen] });
    await guard.call({ tool: 'refund', args: { amount: 1 } }, () => 'ran');
    await until(() => seen.all.length > 0);
    expect(seen.all[0]?.approval.bindings.tool.name).toBe('refund');
    await guard.close();
  });

  it('find out what changed where the store cannot say what', async () => {
    const memory = memoryApprovals();
    const approvals: ApprovalStore = {
      ...memory,
      subscribe: (listener) => memory.subscribe?.(() => listener()) ?? (() => undefined),
    };
    const channel = recordedChannel('one');
    attach({ approvals, channels: [channel] });
    await settled();
    const approval = await approvalFor(approvals);
    await until(() => channel.all.length === 1);
    await approvals.cancel(approval.aid);
    await until(() => channel.all.length === 2);
    expect(channel.steps()).toEqual([`open ${approval.aid} 1`, `close ${approval.aid} 2`]);
  });

  it('are told when time is over, of which no store tells', async () => {
    const approvals = memoryApprovals();
    const channel = recordedChannel('one');
    attach({ approvals, channels: [channel] });
    const { aid } = await approvalFor(approvals, {}, { expiresMs: 50 });
    await until(() => channel.all.length === 2);
    expect(channel.all[1]).toMatchObject({ step: 'close', approval: { aid, state: 'expired' } });
  });

  it('are tried again, while others go on', async () => {
    const approvals = memoryApprovals();
    const failing = recordedChannel('failing', (_, attempt) => {
      if (attempt < 4) throw new Error('not now');
    });
    const fine = recordedChannel('fine');
    attach({ approvals, channels: [failing, fine] });
    const { aid } = await approvalFor(approvals);
    await until(() => failing.all.length === 4);
    expect(failing.steps()).toEqual(Array.from({ length: 4 }, () => `open ${aid} 1`));
    await settled();
    expect(fine.steps()).toEqual([`open ${aid} 1`]);
  });

  it('give up at last, which somebody is told, and try again when there is news', async () => {
    const approvals = memoryApprovals();
    const letters: DeadLetter[] = [];
    let isUp = false;
    const channel = recordedChannel('down', () => {
      if (!isUp) throw new Error('down');
    });
    const onDeadLetter = (letter: DeadLetter): void => {
      letters.push(letter);
      throw new Error('nor does this work');
    };
    attach({ approvals, channels: [channel], retries: 2, onDeadLetter });
    const { aid, bindings } = await approvalFor(approvals);
    await until(() => letters.length === 1);
    expect(letters[0]).toMatchObject({
      channel: 'down',
      step: 'open',
      attempts: 3,
      approval: { aid },
      error: new Error('down'),
    });
    isUp = true;
    await approvals.vote(aid, vote(bindings.digest, 'approve', 'bob'), 1);
    await until(() => channel.all.length === 4);
    expect(channel.steps().at(-1)).toBe(`open ${aid} 2`);
  });

  it('do not try again what is refused for good', async () => {
    const approvals = memoryApprovals();
    const letters: DeadLetter[] = [];
    const channel = recordedChannel('strict', () => {
      throw channelError('404', { retryable: false });
    });
    attach({ approvals, channels: [channel], onDeadLetter: (letter) => letters.push(letter) });
    await approvalFor(approvals);
    await until(() => letters.length === 1);
    expect(channel.all).toHaveLength(1);
  });

  it('go on to what is newest instead of what is late', async () => {
    const approvals = memoryApprovals();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    const slow = recordedChannel('slow', (_, attempt) => (attempt === 1 ? gate : undefined));
    attach({ approvals, channels: [slow] });
    const requirements = {
      ...FINANCE,
      votes: [{ kind: 'approvers' as const, by: ['role:finance'], quorum: 9 }],
    };
    const { aid, bindings } = await approvalFor(approvals, {}, { requirements });
    await until(() => slow.all.length === 1);
    for (let n = 1; n < 6; n += 1) {
      await approvals.vote(aid, vote(bindings.digest, 'approve', `voter${n}`), n);
    }
    await settled();
    go();
    await until(() => slow.all.length === 2);
    await settled();
    expect(slow.steps()).toEqual([`open ${aid} 1`, `update ${aid} 6`]);
  });

  it('are not told of the end of what they never heard of', async () => {
    const approvals = memoryApprovals();
    const down = recordedChannel('down', () => {
      throw channelError('no', { retryable: false });
    });
    attach({ approvals, channels: [down] });
    const { aid } = await approvalFor(approvals);
    await until(() => down.all.length === 1);
    await approvals.cancel(aid);
    await settled();
    expect(down.steps()).toEqual([`open ${aid} 1`]);
  });

  it('are not waited for longer than one attempt may take, whatever they do with their signal', async () => {
    const approvals = memoryApprovals();
    const hanging = recordedChannel('hanging', (_, attempt) =>
      attempt === 1 ? new Promise(() => {}) : undefined,
    );
    attach({ approvals, channels: [hanging], timeoutMs: 20 });
    await approvalFor(approvals);
    await until(() => hanging.all.length === 2);
    expect(hanging.all[0]?.signal.aborted).toBe(true);
  });

  it('hear nothing any more once they are detached', async () => {
    const approvals = memoryApprovals();
    const hanging = recordedChannel('hanging', () => new Promise(() => {}));
    const detach = attach({ approvals, channels: [hanging] });
    const { aid } = await approvalFor(approvals);
    await until(() => hanging.all.length === 1);
    detach();
    expect(hanging.all[0]?.signal.aborted).toBe(true);
    await approvals.cancel(aid);
    await approvalFor(approvals);
    await settled();
    expect(hanging.all).toHaveLength(1);
    detach();
  });

  it('survive a store that fails, and say so', async () => {
    const memory = memoryApprovals();
    const warnings: string[] = [];
    let isUp = false;
    const approvals: ApprovalStore = {
      ...memory,
      list: (filter) => {
        if (!isUp) throw new Error('database is locked');
        return memory.list(filter);
      },
      subscribe: (listener) => memory.subscribe?.(() => listener()) ?? (() => undefined),
    };
    const channel = recordedChannel('one');
    const warn = (message: string): void => void warnings.push(message);
    attach({ approvals, channels: [channel], logger: { info: warn, warn } });
    await until(() => warnings.length === 1);
    expect(warnings[0]).toContain('database is locked');
    isUp = true;
    await approvalFor(approvals);
    await until(() => channel.all.length === 1);
  });

  it('keep no process from ending', async () => {
    const program = fileURLToPath(new URL('../../test/channels-program.ts', import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    const [code] = (await once(child, 'close')) as [number | null]; // as node documents
    expect([code, out]).toEqual([0, 'tried once\n']);
  });

  it.each([
    [{ channels: [] }],
    [{ approvals: memoryApprovals() }],
    [{ approvals: memoryApprovals(), channels: [], retries: -1 }],
    [{ approvals: memoryApprovals(), channels: [], chanels: [] }],
  ])('refuse the options %j', (options) => {
    let code: unknown;
    try {
      attachChannels(options as unknown as AttachChannelsOptions);
    } catch (error) {
      code = isGuardError(error) ? error.code : error;
    }
    expect(code).toBe('options_invalid');
  });
});
