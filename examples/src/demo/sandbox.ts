import { dirname } from 'node:path';
import type { Sandbox } from '@guardstile/core';
import { filesystemSandbox } from '@guardstile/sandbox';

/**
 * The file tools get real paths only, in `folder` to write and around it to read (which the policy
 * narrows), and never those of the guard's own files.
 */
export function deskSandbox(folder: string, protect: readonly string[]): Sandbox {
  return filesystemSandbox({
    roots: [folder],
    readOnlyRoots: [dirname(folder)],
    pathArgs: { readFile: { path: 'read' }, writeFile: { path: 'write', text: false } },
    protect,
  });
}
