import type { Guarantees, SandboxCheck } from '@guardstile/core';
import type { Limits } from '../child/limits.ts';
import type { CodeResult } from './code-outcome.ts';

/** Code in QuickJS has no way to name what is outside. */
export const QUICKJS_GUARANTEES: Guarantees = Object.freeze({
  files: 'interpreter',
  network: 'interpreter',
  processes: 'interpreter',
  environment: 'interpreter',
  memory: 'interpreter',
  cpu: 'interpreter',
  time: 'interpreter',
});

type Execute = (code: string, limits: Partial<Limits>) => Promise<CodeResult>;

/** Code that has to find nothing of the host, to run out of memory, and to run out of time. */
export async function proveQuickJs(
  execute: Execute,
  guarantees: Guarantees,
): Promise<SandboxCheck> {
  const [reach, memory, time] = await Promise.all([
    execute(REACH, {}),
    execute(HOARD, { memoryMb: 16 }),
    execute('for (;;);', { timeoutMs: 100 }),
  ]);
  const lapse =
    reach.outcome !== 'value' || JSON.stringify(reach.result) !== '[]'
      ? `its code reached ${'result' in reach ? JSON.stringify(reach.result) : reach.outcome}`
      : memory.outcome !== 'memory'
        ? `its memory has no end (${memory.outcome})`
        : time.outcome !== 'timeout'
          ? `its time has no end (${time.outcome})`
          : undefined;
  return lapse === undefined ? { ok: true, guarantees } : { ok: false, reason: lapse };
}

/** Names of the host that it finds, also through constructors of what it was given. */
const REACH = `
const names = ['process', 'require', 'fetch', 'Buffer', 'WebAssembly', 'setTimeout', 'navigator', 'Deno', 'Bun'];
const globals = [globalThis, console.log.constructor('return globalThis')(), writeFile.constructor('return this')()];
[...new Set(globals.flatMap((each) => names.filter((name) => name in each)))];
`;

const HOARD = 'const kept = []; for (;;) kept.push(new Uint8Array(1_000_000).fill(1));';
