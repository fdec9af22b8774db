import { closeSync, mkdirSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { allowAll, createGuard, type Guard } from '@guardstile/core';
import { filesystemSandbox } from '@guardstile/sandbox';
import { describe, expect } from 'vitest';

import { itWhere } from '../faults/it-where.ts';
import { payloads, payloadsAreHere } from './payloads.ts';
import { makeWorkspace } from './workspace.ts';

const itWithData = itWhere(payloadsAreHere, '../shared/data/payloads.json.gz');

/** Strings that hold a name of their own, so that a tool that writes could create the file. */
const inside = (root: string, path: string): boolean =>
  path === root || path.startsWith(`${root}/`);

/** What the kernel opened when a tool wrote the file that it was told to. */
function write({ path }: { readonly path: string }): string {
  mkdirSync(dirname(path), { recursive: true });
  let file: number;
  try {
    file = openSync(path, 'a');
  } catch {
    file = openSync(dirname(path), 'r'); // a directory, or a name too long for this file system
  }
  const opened = readlinkSync(`/proc/self/fd/${file}`);
  closeSync(file);
  return opened;
}

function decoded(text: string, times: number): string {
  try {
    return times === 0 ? text : decoded(decodeURIComponent(text), times - 1);
  } catch {
    return text;
  }
}

/** The calls that came through, by what the tool answered. */
async function through<T>(
  guard: Guard,
  strings: readonly string[],
  tool: (args: { path: string }) => T,
) {
  const passed: Array<readonly [string, T]> = [];
  for (const path of strings) {
    await guard
      .call({ tool: 'write', args: { path } }, (args: { path: string }) => {
        passed.push([path, tool(args)]);
      })
      .catch((error: { code?: unknown }) =>
        expect([path, error.code]).toEqual([path, 'sandbox_refused']),
      );
  }
  return passed;
}

describe('path traversal strings', () => {
  itWithData('of public lists have no effect outside of the root, as most would have', async () => {
    const { root } = makeWorkspace();
    const strings = payloads('pathTraversal');
    const escaping = new Set(strings.filter((text) => !inside(root, resolve(root, text))));
    expect(escaping.size).toBeGreaterThan(400);

    const sandbox = filesystemSandbox({ roots: [root] });
    const guard = createGuard({ policy: allowAll(), sandbox, audit: false });
    const passed = await through(guard, strings, write);
    expect(passed.filter(([, opened]) => !inside(root, opened))).toEqual([]);
    expect(passed.filter(([text]) => escaping.has(text))).toEqual([]);
    console.log(
      `${strings.length} traversal strings, ${escaping.size} escape as written; ${passed.length} came through, 0 with an effect outside`,
    );
  });

  itWithData('do not escape in a tool that decodes once or twice more either', async () => {
    const { root } = makeWorkspace();
    const sandbox = filesystemSandbox({ roots: [root] });
    const guard = createGuard({ policy: allowAll(), sandbox, audit: false });
    const strings = payloads('pathTraversal');
    const wouldEscape = strings.filter((text) => !inside(root, resolve(root, decoded(text, 2))));
    expect(wouldEscape.length).toBeGreaterThan(400);
    const passed = await through(guard, strings, ({ path }) =>
      [1, 2].map((times) => resolve(decoded(path, times))),
    );
    expect(passed.filter(([, paths]) => paths.some((path) => !inside(root, path)))).toEqual([]);
  });

  itWithData(
    'in a field that nobody declared do not reach a file outside as they are',
    async () => {
      const { root } = makeWorkspace();
      const sandbox = filesystemSandbox({ roots: [root] });
      const guard = createGuard({ policy: allowAll(), sandbox, audit: false });
      const secret = readFileSync('/etc/passwd', 'utf8');
      const reached: string[] = [];
      for (const input of payloads('pathTraversal')) {
        const read = (args: { input: string }): void => {
          try {
            if (readFileSync(resolve(root, args.input), 'utf8') === secret) reached.push(input);
          } catch {
            // Most lead nowhere.
          }
        };
        await guard.call({ tool: 'read', args: { input } }, read).catch(() => undefined);
      }
      expect(reached).toEqual([]);
    },
  );
});
