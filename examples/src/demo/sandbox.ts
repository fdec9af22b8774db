import { dirname } from 'node:path';
import type { Sandbox } from '@guardstile/core';
import { codeSandbox, filesystemSandbox } from '@guardstile/sandbox';

/**
 * The file tools get real paths only, in `folder` to write and around it to read (which the policy
 * narrows), and never those of the guard's own files. Code runs in QuickJS, in a process of its own.
 */
export function deskSandbox(folder: string, protect: readonly string[]): readonly Sandbox[] {
  const files = filesystemSandbox({
    roots: [folder],
    readOnlyRoots: [dirname(folder)],
    pathArgs: {
      readFile: { path: 'read' },
      writeFile: { path: 'write', text: false },
      runCode: { code: false },
    },
    protect,
  });
  return [files, codeSandbox({ language: 'javascript', tools: ['runCode'] })];
}
