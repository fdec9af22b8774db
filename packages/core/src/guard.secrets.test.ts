import { describe, expect, it } from 'vitest';

import { entriesOf, eventsOf, expectRefusal, thrownBy } from '../test/harness.ts';
import { createGuard } from './guard.ts';
import { allowAll } from './policy/allow-all.ts';
import { staticSecrets } from './secrets.ts';

describe('secrets', () => {
  const secret = 'k3y-of-the-vault';
  const secrets = staticSecrets({ KEY: secret, OTHER: 'not-asked-for' });

  it('reach the body by name, only those that were declared, and nobody else', async () => {
    const seen: unknown[] = [];
    const guard = createGuard({
      policy: (...given) => {
        seen.push(given);
        return 'allow';
      },
      hooks: {
        preTool: (...given) => void seen.push(given),
        postTool: (...given) => void seen.push(given),
      },
      secrets,
    });
    const heard = eventsOf(guard);
    const received = await guard.call(
      { tool: 'fetch', args: { url: 'x' }, secrets: ['KEY'] },
      (_args, run) => {
        expect(Object.isFrozen(run.secrets)).toBe(true);
        return Object.keys(run.secrets).concat(run.secrets['KEY'] === secret ? ['right'] : []);
      },
    );
    expect(received).toEqual(['KEY', 'right']);
    expect(JSON.stringify([seen, heard, await entriesOf(guard)])).not.toContain(secret);
    expect(
      await guard.call({ tool: 'read', args: {} }, (_args, run) => Object.keys(run.secrets)),
    ).toEqual([]);
  });

  it('can be called anything', async () => {
    const odd = staticSecrets({ ['__proto__x']: 'a', constructor: 'b' });
    const guard = createGuard({ policy: allowAll(), secrets: odd });
    const names = ['__proto__x', 'constructor'];
    const got = await guard.call({ tool: 'fetch', args: {}, secrets: names }, (_args, run) =>
      names.map((name) => run.secrets[name]?.length),
    );
    expect(got).toEqual([1, 1]);
  });

  it('are taken out of results, and nothing else is', async () => {
    const guard = createGuard({ policy: allowAll(), secrets });
    const result = await guard.call(
      { tool: 'fetch', args: {}, secrets: ['KEY'] },
      (_args, run) => ({
        headers: { authorization: `Bearer ${run.secrets['KEY'] ?? ''}` },
        password: 'of somebody else',
      }),
    );
    expect(result).toEqual({
      headers: { authorization: 'Bearer [redacted]' },
      password: 'of somebody else',
    });
  });

  it('withhold a result that cannot be looked into', async () => {
    const guard = createGuard({ policy: allowAll(), secrets });
    await expectRefusal(
      () =>
        guard.call(
          { tool: 'fetch', args: {}, secrets: ['KEY'] },
          (_args, run) => new Response(run.secrets['KEY']),
        ),
      'result_withheld',
    );
  });

  it('are taken out of what is thrown, wherever it is', async () => {
    const guard = createGuard({ policy: allowAll(), secrets });
    const thrown = (make: (key: string) => unknown): Promise<unknown> =>
      thrownBy(() =>
        guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, (_args, run) =>
          Promise.reject(make(run.secrets['KEY'] ?? '')),
        ),
      );
    for (const make of [
      (key: string) => new Error(`401 for ${key}`),
      (key: string) => new Error('401', { cause: { authorization: key } }),
      (key: string) => Object.assign(new Error('401'), { config: { headers: [key] } }),
      (key: string) => `401 for ${key}`,
      (key: string) => ({ status: 401, key }),
    ]) {
      const error = await thrown(make);
      const text =
        error instanceof Error
          ? [error.message, error.stack, error.cause, JSON.stringify(error)].join()
          : JSON.stringify(error);
      expect(text).not.toContain(secret);
    }
    const own = new Error('nothing of it');
    expect(await thrown(() => own)).toBe(own);
    expect(JSON.stringify(await entriesOf(guard))).not.toContain(secret);
  });

  it('are taken out of every later argument, reason and approval', async () => {
    const shown: unknown[] = [];
    const guard = createGuard({
      policy: (call) =>
        call.tool.name === 'post'
          ? { effect: 'ask', reason: `sends ${JSON.stringify(call.args)}` }
          : 'allow',
      secrets,
      approver: (request) => {
        shown.push(request.args, request.reason, request.hidden);
        return 'approve';
      },
    });
    const heard = eventsOf(guard);
    await guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, () => 1);
    await guard.call({ tool: 'post', args: { text: `leak ${secret}` } }, () => 1);
    expect(JSON.stringify([shown, heard, await entriesOf(guard)])).not.toContain(secret);
    // It is the guard's own, so that nobody has to reveal it first.
    expect(shown).toEqual([{ text: 'leak [redacted]' }, 'sends {"text":"leak [redacted]"}', []]);
  });

  it('are read only once nothing stands in the way any more', async () => {
    let reads = 0;
    const guard = createGuard({
      policy: (call) => (call.tool.name === 'deny' ? 'deny' : 'allow'),
      stopSwitch: { stopped: () => 'maintenance' },
      secrets: {
        name: 'vault',
        get: () => {
          reads += 1;
          return secret;
        },
      },
    });
    await expectRefusal(
      () => guard.call({ tool: 'deny', args: {}, secrets: ['KEY'] }, () => 1),
      'denied',
    );
    await expectRefusal(
      () => guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, () => 1),
      'stopped',
    );
    expect(reads).toBe(0);
  });

  it('take time to read: the last look comes after that', async () => {
    let stopped: string | undefined;
    const guard = createGuard({
      policy: allowAll(),
      stopSwitch: { stopped: () => stopped },
      secrets: {
        name: 'vault',
        get: async () => {
          stopped = 'maintenance';
          return secret;
        },
      },
    });
    let ran = false;
    await expectRefusal(
      () =>
        guard.call({ tool: 'fetch', args: {}, secrets: ['KEY'] }, () => {
          ran = true;
        }),
      'stopped',
    );
    expect(ran).toBe(false);
  });
});
