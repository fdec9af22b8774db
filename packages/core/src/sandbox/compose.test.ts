import { afterEach, describe, expect, it } from 'vitest';
import type { ToolCall } from '../call.ts';
import { composeSandboxes, covering } from './compose.ts';
import { type Guarantees, NO_GUARANTEES } from './guarantees.ts';
import { noSandbox } from './no-sandbox.ts';
import type { Confinement, Sandbox, SandboxCheck, SandboxRun } from './sandbox.ts';

const call: ToolCall = {
  rid: 'rid_1',
  id: 'call_1',
  tool: { source: 'app', name: 'readFile' },
  facts: { effect: 'readOnly', money: false, capabilities: [], why: 'stated by the developer' },
  args: { path: 'A/../B' },
  confined: { path: 'A/../B' },
  labels: [],
};

function sandbox(name: string, parts: Partial<Sandbox> = {}): Sandbox {
  return { ...noSandbox(), name, ...parts };
}

const confining = (name: string, change: (path: string) => string, later = false): Sandbox =>
  sandbox(name, {
    confine: ({ confined }) => {
      const { path } = confined as { path: string };
      const result = { args: { path: change(path) } };
      return later ? Promise.resolve(result) : result;
    },
  });

const offering = (name: string, offered: Partial<Guarantees>): Sandbox => {
  const guarantees = { ...NO_GUARANTEES, ...offered };
  return sandbox(name, { guarantees, check: () => ({ ok: true, guarantees }) });
};

const run = (execute: () => unknown): SandboxRun => ({
  context: {},
  signal: undefined,
  secrets: {},
  execute,
});

describe('no sandbox', () => {
  it('runs the tool as it is and guarantees nothing', () => {
    const none = noSandbox();
    const result = {};
    expect(
      none.run(
        call,
        run(() => result),
      ),
    ).toBe(result);
    expect(none.guarantees).toEqual(NO_GUARANTEES);
    expect(none.check()).toEqual({ ok: true, guarantees: NO_GUARANTEES });
    expect(none.confine).toBeUndefined();
  });
});

describe('several sandboxes', () => {
  it('that are only one are that one', () => {
    const only = sandbox('only');
    expect(composeSandboxes([only])).toBe(only);
  });

  it('that are none run the tool as it is', async () => {
    const none = composeSandboxes([]);
    expect(
      none.run(
        call,
        run(() => 5),
      ),
    ).toBe(5);
    expect(none.check()).toEqual({ ok: true, guarantees: NO_GUARANTEES });
    await none.close?.();
  });

  it('confine one after the other, each what the one before left', () => {
    const both = composeSandboxes([
      sandbox('indifferent'),
      confining('resolve', (path) => path.replace('A/../', '')),
      confining('root', (path) => `/root/${path}`),
    ]);
    expect(both.confine?.(call)).toEqual({ args: { path: '/root/B' } });
    expect(call.confined).toEqual({ path: 'A/../B' });
  });

  it('wait for those that have to wait', async () => {
    const both = composeSandboxes([
      confining('later', (path) => `${path}1`, true),
      confining('now', (path) => `${path}2`),
    ]);
    await expect(both.confine?.(call)).resolves.toEqual({ args: { path: 'A/../B12' } });
  });

  it('still see the raw arguments while they confine', () => {
    const seen: unknown[] = [];
    const watching = sandbox('watching', {
      confine: ({ args, confined }) => {
        seen.push(args, confined);
        return { args: confined };
      },
    });
    void composeSandboxes([confining('first', () => 'changed'), watching]).confine?.(call);
    expect(seen).toEqual([call.args, { path: 'changed' }]);
  });

  it('are idempotent where each of them is', () => {
    const both = composeSandboxes([
      confining('root', (path) => (path.startsWith('/root/') ? path : `/root/${path}`)),
      confining('lower', (path) => path.toLowerCase()),
    ]);
    const once = both.confine?.(call) as { args: unknown };
    expect(both.confine?.({ ...call, confined: once.args })).toEqual(once);
  });

  it('refuse what one of them refuses, and ask nobody behind it', () => {
    const refusing = sandbox('jail', { confine: () => ({ refused: 'outside of the root' }) });
    const unreachable = sandbox('unreachable', {
      confine: () => {
        throw new Error('was asked');
      },
    });
    expect(composeSandboxes([refusing, unreachable]).confine?.(call)).toEqual({
      refused: 'jail: outside of the root',
    });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['an empty object', {}],
    ['arguments that are only inherited', Object.create({ args: { path: 'fake' } })],
    ['arguments and a refusal', { args: { path: 'x' }, refused: 'or not' }],
    ['the arguments themselves', { path: 'x' }],
  ])('refuse where one of them answers %s', async (_name, answer) => {
    for (const confine of [() => answer, () => Promise.resolve(answer)]) {
      const odd = sandbox('odd', { confine: confine as () => Confinement });
      for (const order of [
        [odd, confining('fine', (p) => p)],
        [confining('fine', (p) => p), odd],
      ]) {
        expect(await composeSandboxes(order).confine?.(call)).toHaveProperty('refused');
      }
    }
  });

  it('can return undefined as the confined arguments', () => {
    const both = composeSandboxes([
      sandbox('a', { confine: () => ({ args: undefined }) }),
      sandbox('b'),
    ]);
    expect(both.confine?.(call)).toEqual({ args: undefined });
  });

  it('need not confine at all', () => {
    expect(composeSandboxes([sandbox('a'), sandbox('b')]).confine).toBeUndefined();
  });

  it('run inside each other, the first outermost, and give what the tool returned', () => {
    const order: string[] = [];
    const wrapping = (name: string): Sandbox =>
      sandbox(name, {
        run: (_call, { execute }) => {
          order.push(`${name} in`);
          const result = execute();
          order.push(`${name} out`);
          return result;
        },
      });
    const result = {};
    const all = composeSandboxes([wrapping('a'), wrapping('b'), wrapping('c')]);
    const given = all.run(
      call,
      run(() => {
        order.push('tool');
        return result;
      }),
    );
    expect(given).toBe(result);
    expect(order).toEqual(['a in', 'b in', 'c in', 'tool', 'c out', 'b out', 'a out']);
  });

  it('do not run the tool where one of them does not', () => {
    let ran = false;
    const blocking = sandbox('blocking', {
      run: () => {
        throw new Error('no room');
      },
    });
    const both = composeSandboxes([sandbox('a'), blocking]);
    expect(() =>
      both.run(
        call,
        run(() => {
          ran = true;
        }),
      ),
    ).toThrow('no room');
    expect(ran).toBe(false);
  });

  it('guarantee per dimension what the strongest of them proves', () => {
    const both = composeSandboxes([
      offering('a', { files: 'args', network: 'os' }),
      offering('b', { files: 'runtime' }),
    ]);
    const expected = { ...NO_GUARANTEES, files: 'runtime', network: 'os' };
    expect(both.guarantees).toEqual(expected);
    expect(both.check()).toEqual({ ok: true, guarantees: expected });
    expect(both.name).toBe('a+b');
  });

  it('count by what is proven, not by what is claimed', () => {
    const boasting = sandbox('boasting', {
      guarantees: { ...NO_GUARANTEES, files: 'os' },
      check: () => ({ ok: true, guarantees: NO_GUARANTEES }),
    });
    expect(composeSandboxes([boasting, sandbox('b')]).check()).toEqual({
      ok: true,
      guarantees: NO_GUARANTEES,
    });
  });

  it.each<[string, () => unknown]>([
    ['says so', () => ({ ok: false, reason: 'no namespaces here' })],
    ['says so later', () => Promise.resolve({ ok: false, reason: 'no namespaces here' })],
    [
      'throws',
      () => {
        throw new Error('no namespaces here');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no namespaces here'))],
  ])('do not work where the check of one of them %s', async (_name, check) => {
    const broken = sandbox('broken', { check: check as () => SandboxCheck });
    const result = await composeSandboxes([sandbox('fine'), broken]).check();
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).toMatch(/broken: .*no namespaces here/);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['that it works, without guarantees', { ok: true }],
    ['yes', { ok: 'yes', guarantees: { files: 'os' } }],
    ['what is only inherited', Object.create({ ok: true, guarantees: NO_GUARANTEES })],
  ])('do not work where the check of one of them answers %s', async (_name, answer) => {
    const odd = sandbox('odd', { check: () => answer as SandboxCheck });
    expect((await composeSandboxes([sandbox('fine'), odd]).check()).ok).toBe(false);
  });

  it('are closed all of them, also behind one that fails', async () => {
    const closed: string[] = [];
    const closing = (name: string, fail: boolean): Sandbox =>
      sandbox(name, {
        close: () => {
          closed.push(name);
          if (fail) throw new Error(`${name} does not close`);
        },
      });
    const all = composeSandboxes([closing('a', true), sandbox('b'), closing('c', false)]);
    await expect(Promise.resolve(all.close?.())).rejects.toThrow('a does not close');
    expect(closed).toEqual(['a', 'c']);
  });
});

describe('the sandboxes that cover a call', () => {
  const taking = (name: string, takes: boolean): Sandbox => sandbox(name, { takes: () => takes });
  const names = (of: Sandbox): readonly string[] =>
    covering(of, call).map(({ sandbox: { name } }) => name);

  it('are those that confine every call, and the first that runs it elsewhere', () => {
    const all = [sandbox('args'), taking('no', false), taking('yes', true), taking('late', true)];
    expect(names(composeSandboxes(all))).toEqual(['args', 'yes']);
    expect(names(composeSandboxes([taking('no', false), sandbox('args')]))).toEqual(['args']);
    expect(names(taking('no', false))).toEqual([]);
    expect(names(sandbox('only'))).toEqual(['only']);
  });

  it('are found in composed ones too, and a copy of one covers what all of its parts do', () => {
    const inner = composeSandboxes([taking('no', false), sandbox('args')]);
    expect(names(composeSandboxes([inner, taking('yes', true)]))).toEqual(['args', 'yes']);
    expect(names({ ...inner, name: 'copy' })).toEqual([]);
    const whole = composeSandboxes([taking('yes', true), sandbox('args')]);
    expect(names({ ...whole, name: 'copy' })).toEqual(['copy']);
  });
});

describe('with a polluted Object.prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;

  afterEach(() => {
    delete prototype['args'];
    delete prototype['ok'];
  });

  it('sandboxes take no answer from there', async () => {
    const silent = sandbox('silent', {
      confine: () => ({}) as Confinement,
      check: () => ({}) as SandboxCheck,
    });
    const both = composeSandboxes([silent, sandbox('b')]);
    prototype['args'] = { path: 'fake' };
    prototype['ok'] = true;
    const confined = await both.confine?.(call);
    const check = await both.check();
    delete prototype['args'];
    delete prototype['ok'];
    expect(confined).toHaveProperty('refused');
    expect(check.ok).toBe(false);
  });
});
