import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Confinement, ToolCall } from '@guardstile/core';
import { filesystemSandbox } from '@guardstile/sandbox';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished } from 'vitest';

import { itWhere } from '../faults/it-where.ts';

const RUNS = Number(process.env['GUARDSTILE_PROPERTY_RUNS'] ?? 300);

const itOnLinux = itWhere(process.platform === 'linux', 'Linux, whose kernel says what it opened');

const MOST_ENTRIES = 8;
const LONGEST = 6;

const name = fc.constantFrom('a', 'b', 'c', '..', '.', '');
/** Relative: it does not start with a separator. */
const path = fc
  .array(name, { minLength: 1, maxLength: LONGEST })
  .map((names) => names.join('/').replace(/^\/+/, ''));
/** What is in the root: files, directories, and links to anywhere within or beside it. */
const entries = fc.array(
  fc.record({
    at: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
    kind: fc.oneof(
      fc.constantFrom('file', 'directory', 'directory'),
      fc.record({ to: path, from: fc.constantFrom('', 'ROOT/', 'TOP/') }),
    ),
  }),
  { maxLength: MOST_ENTRIES },
);

function build(top: string, tree: typeof entries extends fc.Arbitrary<infer T> ? T : never): void {
  const root = join(top, 'root');
  for (const { at, kind } of tree) {
    const where = join(root, ...at);
    try {
      if (kind === 'file') writeFileSync(where, '', { flag: 'wx' });
      else if (kind === 'directory') mkdirSync(where);
      else symlinkSync(`${kind.from.replace('ROOT', root).replace('TOP', top)}${kind.to}`, where);
    } catch {
      // Taken, or nowhere to put it: a smaller tree is one too.
    }
  }
}

/** Where the kernel goes, creating the file if there is none; `undefined` if it goes nowhere. */
function kernelOpens(whole: string): string | undefined {
  for (const flags of [constants.O_RDONLY, constants.O_WRONLY | constants.O_CREAT]) {
    try {
      const file = openSync(whole, flags);
      const opened = readlinkSync(`/proc/self/fd/${file}`);
      closeSync(file);
      return opened;
    } catch {
      // Perhaps the other way.
    }
  }
  return undefined;
}

function confine(root: string, given: string): Confinement {
  const call = { tool: { name: 'tool' }, facts: { effect: 'edit' }, confined: { path: given } };
  const sandbox = filesystemSandbox({ roots: [root] });
  return sandbox.confine?.(call as unknown as ToolCall) as Confinement; // what a sandbox looks at
}

describe('a resolved path', () => {
  itOnLinux(
    'is where the kernel goes, or is refused, for any links and any path',
    async () => {
      let [same, out] = [0, 0];
      const base = realpathSync(mkdtempSync(join(tmpdir(), 'guardstile-kernel-')));
      onTestFinished(() => rmSync(base, { recursive: true, force: true }));
      // So deep that no path gets out of it, by way of every link.
      const deep = join(base, 'd/'.repeat(LONGEST * (MOST_ENTRIES + 1)));
      mkdirSync(deep, { recursive: true });
      fc.assert(
        fc.property(entries, path, (tree, given) => {
          const top = mkdtempSync(join(deep, 'top-'));
          try {
            const root = join(top, 'root');
            mkdirSync(root);
            build(top, tree);
            const answer = confine(root, given);
            const opened = kernelOpens(`${root}/${given}`);
            const inside = opened === root || opened?.startsWith(`${root}/`) === true;
            if (opened !== undefined && !inside) {
              out += 1;
              expect(answer).toHaveProperty('refused');
            } else if (opened !== undefined) {
              same += 1;
              expect(answer).toEqual({ args: { path: opened } });
              expect(confine(root, opened)).toEqual(answer);
            } else if ('args' in answer) {
              // Nothing is there yet, nor the directory for it: it would come to be inside.
              expect((answer.args as { path: string }).path.startsWith(`${root}/`)).toBe(true);
            }
          } finally {
            rmSync(top, { recursive: true, force: true });
          }
        }),
        { numRuns: RUNS },
      );
      expect(Math.min(same, out)).toBeGreaterThan(RUNS / 20);
    },
    10 * 60_000,
  );
});
