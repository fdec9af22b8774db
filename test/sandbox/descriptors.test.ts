import { execFileSync, type StdioOptions } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { itWithOs } from './support/where.ts';

const directory = mkdtempSync(join(tmpdir(), 'guardstile-descriptors-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const PROGRAM = fileURLToPath(new URL('./support/inherited-descriptor.ts', import.meta.url));
/** Node closes the first few itself when it starts something else. */
const DESCRIPTORS = [7, 40, 200];

function readInside(kind: 'child' | 'os'): unknown {
  const path = join(directory, 'secret');
  writeFileSync(path, 'secret of somebody else');
  const secret = openSync(path, 'r');
  const stdio: StdioOptions & unknown[] = ['ignore', 'pipe', 'inherit'];
  for (const descriptor of DESCRIPTORS) {
    while (stdio.length < descriptor) stdio.push('ignore');
    stdio[descriptor] = secret;
  }
  try {
    const args = [PROGRAM, kind, ...DESCRIPTORS.map(String)];
    return JSON.parse(execFileSync(process.execPath, args, { stdio, encoding: 'utf8' }));
  } finally {
    closeSync(secret);
  }
}

const nothing = DESCRIPTORS.map((descriptor) => ({
  descriptor,
  here: 'secret of somebody else',
  inside: '',
}));

describe('what the application was started with', () => {
  it('does not reach a tool in a child process', () => {
    expect(readInside('child')).toEqual(nothing);
  });

  itWithOs('does not reach a tool under OS isolation', async () => {
    expect(readInside('os')).toEqual(nothing);
  });
});
