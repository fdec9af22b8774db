import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  composeSandboxes,
  createGuard,
  type Guard,
  isGuardError,
  staticSecrets,
  allowAll,
} from '@guardstile/core';
import { childSandbox } from '@guardstile/sandbox';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  allGone,
  anyBusy,
  anyRunning,
  bombsIn,
  ending,
  guardIn,
  ownCopy,
  running,
  toolsNamed,
} from './support/calls.ts';
import { containing, matching } from './support/texts.ts';

const bombsCopy = ownCopy('bombs');
const spare = ownCopy('spare-module');
const guards: Guard[] = [];
const closing = (guard: Guard): Guard => {
  guards.push(guard);
  return guard;
};

afterAll(async () => {
  for (const guard of guards) await guard.close();
});

const ALL = [
  'double',
  'slowly',
  'count',
  'nothing',
  'environment',
  'read',
  'throwsError',
  'throwsText',
  'throwsNothing',
  'imitatesTheGuard',
  'exits',
  'neverSettles',
  'returnsFunction',
  'returnsCycle',
  'returnsDate',
  'returnsMuch',
  'writesNonsense',
  'writesDeep',
  'notExported',
];

const shared = closing(guardIn(childSandbox({ tools: toolsNamed(...ALL), timeoutMs: 20_000 })));
const call = (tool: string, args?: unknown) => ending(shared, tool, args);

describe('a tool in a child process', () => {
  it('gets its arguments and returns its value, and its body here does not run', async () => {
    expect(await call('double', { n: 21 })).toEqual({ value: 42 });
    expect(await call('nothing')).toEqual({ value: undefined });
    expect(await call('returnsDate')).toEqual({ value: { at: '1970-01-01T00:00:00.000Z' } });
  });

  it('has a process of its own for each call', async () => {
    const all = await Promise.all([1, 2, 3].map(() => call('count')));
    expect([...all, await call('count')]).toEqual([
      { value: 1 },
      { value: 1 },
      { value: 1 },
      { value: 1 },
    ]);
  });

  it('sees no variable of this process unless it is named', async () => {
    expect(await call('environment')).toEqual({ value: {} });
    process.env['SANDBOX_TEST_SHOWN'] = 'shown';
    process.env['SANDBOX_TEST_HIDDEN'] = 'hidden';
    const named = closing(
      guardIn(
        childSandbox({
          tools: toolsNamed('environment'),
          env: ['SANDBOX_TEST_SHOWN', 'NOT_THERE'],
        }),
      ),
    );
    expect(await ending(named, 'environment')).toEqual({ value: { SANDBOX_TEST_SHOWN: 'shown' } });
  });

  it('gets the secrets that it declared', async () => {
    const guard = closing(
      createGuard({
        policy: allowAll(),
        sandbox: childSandbox({ tools: toolsNamed('secret') }),
        secrets: staticSecrets({ KEY: 'a value nobody guesses' }),
      }),
    );
    const request = { tool: 'secret', args: {}, secrets: ['KEY'] };
    // What it returns is redacted: the secret went there and did not come back.
    expect(JSON.stringify(await guard.call(request, () => 1))).toMatch(
      /^\{"KEY":"(?!a value).+"\}$/,
    );
  });

  it('reads its module and what lies beside it, and nothing else', async () => {
    const beside = fileURLToPath(new URL('./support/broken-module.ts', import.meta.url));
    expect(await call('read', { path: beside })).toHaveProperty('value');
    const outside = fileURLToPath(import.meta.url);
    const refused = await call('read', { path: outside });
    expect(refused).toMatchObject({ threw: { code: 'ERR_ACCESS_DENIED' } });
    const wider = closing(guardIn(childSandbox({ tools: toolsNamed('read'), read: [outside] })));
    expect(await ending(wider, 'read', { path: outside })).toHaveProperty('value');
  });

  it('throws what it throws, and cannot pass for the guard', async () => {
    expect(await call('throwsError')).toMatchObject({
      threw: { name: 'RangeError', message: 'too far', code: 'E_FAR' },
    });
    expect(await call('throwsText')).toEqual({ threw: 'just a text' });
    expect(await call('throwsNothing')).toEqual({ threw: undefined });
    const imitation = await call('imitatesTheGuard');
    expect(imitation).toMatchObject({ threw: { name: 'Error', message: 'denied by policy' } });
  });

  it.each([
    ['exits', 'sandbox_crashed', /ended without a result \(exit code 3\)/],
    ['neverSettles', 'sandbox_crashed', /its promise can never settle/],
    ['returnsFunction', 'sandbox_refused', /its "again" is a function.*return plain data/],
    ['returnsCycle', 'sandbox_refused', /circular/],
    ['writesNonsense', 'sandbox_crashed', /something else than its result/],
    ['notExported', 'sandbox_unavailable', /exports no function "notExported".*correct "export"/],
  ])('that %s is refused as %s', async (tool, code, message) => {
    expect(await call(tool)).toEqual({ code, message: matching(message) });
  });

  it('may return a megabyte and no more', async () => {
    expect(await call('returnsMuch', { bytes: 1_000_000 })).toHaveProperty(
      'value.length',
      1_000_000,
    );
    expect(await call('returnsMuch', { bytes: 1_100_000 })).toMatchObject({
      code: 'sandbox_output',
      message: containing('larger than 1048576 bytes'),
    });
  });

  it('that answers 200,000 brackets deep does not bring the guard down', async () => {
    expect(await call('writesDeep')).toMatchObject({ code: 'sandbox_output' });
  });

  it.each([
    ['a Date', { at: new Date(0) }, 'its "at" is an object of class Date'],
    ['a Map', { all: new Map() }, 'its "all" is an object of class Map'],
    ['a BigInt', { n: 1n }, 'its "n" is a BigInt'],
    ['NaN', { n: Number.NaN }, 'its "n" is NaN'],
  ])('is not called with %s, which would arrive as something else', async (_name, args, why) => {
    expect(await call('double', args)).toMatchObject({
      code: 'sandbox_refused',
      message: containing(why),
    });
  });

  it('is ended when the call is aborted, whatever it does', async () => {
    const controller = new AbortController();
    const slow = ending(shared, 'slowly', { ms: 60_000 }, controller.signal);
    controller.abort(new Error('enough'));
    expect(await slow).toMatchObject({ threw: { message: 'enough' } });
  });
});

describe('a tool without a module', () => {
  it('is refused before anybody decides', async () => {
    expect(await call('somethingElse')).toMatchObject({
      code: 'sandbox_refused',
      message: containing('has no module for "somethingElse"'),
    });
  });

  it('runs here when it is passed on by name, and then nothing is guaranteed', async () => {
    const sandbox = childSandbox({ tools: toolsNamed('double'), passOn: ['here'] });
    const guard = closing(guardIn(sandbox));
    expect(await ending(guard, 'here')).toEqual({ value: 'ran in this process' });
    const requires = { files: 'runtime' } as const;
    const strict = (tool: string) => guard.call({ tool, args: { n: 1 }, requires }, () => 'here');
    expect(await strict('double')).toBe(2);
    await expect(strict('here')).rejects.toMatchObject({ code: 'sandbox_unavailable' });
  });

  it('is run by the next sandbox of a list, whose guarantees hold', async () => {
    const first = childSandbox({ tools: toolsNamed('double'), passOn: ['count'] });
    const second = childSandbox({ tools: toolsNamed('double', 'count') });
    const guard = closing(guardIn(composeSandboxes([first, second])));
    const requires = { files: 'runtime' } as const;
    expect(await guard.call({ tool: 'count', args: {}, requires }, () => 'here')).toBe(1);
  });

  it('that has its name but another source is another tool', async () => {
    const request = { tool: 'double', source: 'elsewhere', args: { n: 1 } };
    await expect(shared.call(request, () => 1)).rejects.toMatchObject({ code: 'sandbox_refused' });
  });
});

describe('its options', () => {
  const module = new URL('./support/tools.ts', import.meta.url);
  it.each<[string, () => unknown, RegExp]>([
    [
      'a closure',
      () => childSandbox({ tools: { double: (() => 1) as never } }),
      /move it to a module of its own, export it there/,
    ],
    [
      'a missing module',
      () =>
        childSandbox({ tools: { double: { module: new URL('./nowhere.ts', import.meta.url) } } }),
      /there is no module .*nowhere\.ts/,
    ],
    [
      'a bare name',
      () => childSandbox({ tools: { double: { module: 'lodash' } } }),
      /has to be the URL of a file/,
    ],
    [
      'code as a URL',
      () => childSandbox({ tools: { double: { module: 'data:text/javascript,0' } } }),
      /has to be the URL of a file/,
    ],
    [
      'a time of zero',
      () => childSandbox({ tools: {}, timeoutMs: 0 }),
      /timeoutMs has to be a number above 0/,
    ],
    [
      'no memory',
      () => childSandbox({ tools: {}, memoryMb: 0 }),
      /memoryMb has to be a number above 0/,
    ],
    ['no output', () => childSandbox({ tools: {}, maxOutputBytes: 0 }), /maxOutputBytes has to be/],
    ['endless time', () => childSandbox({ tools: {}, timeoutMs: Infinity }), /timeoutMs has to be/],
    [
      'a missing root',
      () => childSandbox({ tools: {}, read: ['/nowhere/at/all'] }),
      /read: there is no \/nowhere\/at\/all/,
    ],
    [
      'a misspelt option',
      () => childSandbox({ tools: { double: { module } }, timeout: 5 } as never),
      /"timeout" is not an option/,
    ],
    [
      'a negative number of spares',
      () => childSandbox({ tools: {}, spares: -1 }),
      /spares has to be/,
    ],
  ])('%s is refused with what to do', (_name, make, message) => {
    expect(make).toThrow(message);
    try {
      make();
    } catch (error) {
      expect(isGuardError(error) && error.code).toBe('options_invalid');
    }
  });

  it.each([
    ['broken-module.ts', /cannot be loaded in the sandbox \(broken while it loads\)/],
    ['exiting-module.ts', /ended before it could start it: exit code 7/],
  ])(
    'a module that does not load (%s) is told at the call and by the check',
    async (file, message) => {
      const tools = { broken: { module: new URL(`./support/${file}`, import.meta.url) } };
      const guard = closing(guardIn(childSandbox({ tools })));
      expect(await ending(guard, 'broken')).toEqual({
        code: 'sandbox_unavailable',
        message: matching(message),
      });
    },
  );
});

describe('what runs away', () => {
  const bombs = (timeoutMs: number): Guard =>
    closing(
      guardIn(
        childSandbox({ tools: bombsIn(bombsCopy.module), timeoutMs, memoryMb: 96, spares: 0 }),
      ),
    );

  it.each([
    ['hoardsObjects', 'sandbox_memory', 30_000],
    ['hoardsBuffers', 'sandbox_memory', 30_000],
    ['computes', 'timeout', 1000],
    ['backtracks', 'timeout', 1000],
    ['prints', 'timeout', 1000],
    ['floods', 'sandbox_output', 30_000],
  ])('%s: %s, and no process is left', async (tool, code, timeoutMs) => {
    expect(await ending(bombs(timeoutMs), tool)).toMatchObject({ code });
    expect(await allGone(bombsCopy.path)).toBe(true);
  });

  it('a flood does not reach the memory of this process', async () => {
    const before = process.memoryUsage.rss();
    await ending(bombs(30_000), 'floods');
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1_048_576);
  });

  it('starts no processes', async () => {
    const marker = 'never-there';
    expect(await ending(bombs(30_000), 'leavesBehind', { marker, many: 1 })).toMatchObject({
      threw: { code: 'ERR_ACCESS_DENIED' },
    });
  });
});

describe('closing', () => {
  it('ends all children, and later calls are refused', async () => {
    const { module, path } = ownCopy('tools');
    const sandbox = childSandbox({ tools: { slowly: { module } }, spares: 2 });
    const guard = guardIn(sandbox);
    expect(await ending(guard, 'slowly', { ms: 1 })).toEqual({ value: 'done' });
    await anyRunning(path);
    const slow = ending(guard, 'slowly', { ms: 60_000 });
    await sandbox.close?.();
    expect(running(path)).toEqual([]);
    expect(await slow).toMatchObject({ code: 'closed' });
    expect(await ending(guard, 'slowly', { ms: 1 })).toMatchObject({ code: 'closed' });
  });
});

describe('a process with idle spares', () => {
  const program = fileURLToPath(new URL('./support/idle-spares.ts', import.meta.url));

  it('ends by itself, and its spares with it', async () => {
    const parent = spawn(process.execPath, [program, 'end', 'child', spare.module.href], {
      stdio: 'ignore',
    });
    expect(await once(parent, 'exit')).toEqual([0, null]);
    expect(await allGone(spare.path)).toBe(true);
  });

  it('takes its spares along when it is killed', async () => {
    const parent = spawn(process.execPath, [program, 'stay', 'child', spare.module.href], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    await once(parent.stdout, 'data');
    await anyRunning(spare.path);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(await allGone(spare.path)).toBe(true);
  });

  it('takes along what runs when it is killed', async () => {
    const parent = spawn(process.execPath, [program, 'busy', 'child', spare.module.href], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    await once(parent.stdout, 'data');
    await anyBusy(spare.path);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(await allGone(spare.path)).toBe(true);
  });
});
