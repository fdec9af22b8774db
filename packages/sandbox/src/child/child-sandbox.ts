import type { Guarantees, Sandbox } from '@guardstile/core';
import { childCaller } from './child-caller.ts';
import { limitsOf } from './limits.ts';
import { moduleSandbox } from './module-sandbox.ts';
import { type ModuleSandboxOptions, readModuleOptions } from './options.ts';
import { prove } from './prove.ts';

const NAME = 'child';

/** What Node itself stops; the network it does not, and neither what its permission model misses. */
const GUARANTEES: Guarantees = Object.freeze({
  files: 'runtime',
  network: 'none',
  processes: 'runtime',
  environment: 'runtime',
  memory: 'runtime',
  cpu: 'runtime',
  time: 'runtime',
});

/**
 * Runs each call of a tool in a fresh Node process, which is killed afterwards. It confines mistakes
 * and runaway code; hostile code needs `osSandbox`.
 *
 * @example
 * const sandbox = childSandbox({
 *   tools: { readPage: { module: new URL('./tools/read-page.js', import.meta.url) } },
 * });
 *
 * @throws {GuardError} `options_invalid`
 */
export function childSandbox(given: ModuleSandboxOptions): Sandbox {
  const options = readModuleOptions('childSandbox', given);
  const { tools, passOn } = options;
  const caller = childCaller(limitsOf('childSandbox', options), options);
  return moduleSandbox({
    name: NAME,
    guarantees: GUARANTEES,
    tools,
    passOn,
    caller,
    prove: () => prove(caller, GUARANTEES),
  });
}
