import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { GuardError } from '@guardstile/core';
import type { Language } from './language.ts';

/** The program that runs code, with what it has to read; or why there is none. */
export type Interpreter =
  | { readonly path: string | undefined; readonly read: readonly string[] }
  | { readonly missing: string };

const SYSTEM_PYTHON = '/usr/bin/python3';

/**
 * @throws {GuardError} `options_invalid`
 */
export function interpreterOf(language: Language, given: string | undefined): Interpreter {
  if (language === 'javascript') {
    if (given === undefined) return { path: undefined, read: [] };
    throw invalid('JavaScript runs in QuickJS; leave interpreter out');
  }
  if (given !== undefined && !(isAbsolute(given) && existsSync(given))) {
    throw invalid(`there is no interpreter ${given}; give its absolute path`);
  }
  if (process.platform !== 'linux') {
    return {
      missing: `${language} runs under bubblewrap only, which is for Linux; run JavaScript, or use WSL 2, a container or a virtual machine`,
    };
  }
  if (language === 'python') return python(given);
  return given === undefined ? { path: '/bin/sh', read: [] } : { path: given, read: [given] };
}

function python(given: string | undefined): Interpreter {
  if (given === undefined && existsSync(SYSTEM_PYTHON)) return { path: SYSTEM_PYTHON, read: [] };
  try {
    // What is called python3 may only be a script that looks for the real one.
    const says = execFileSync(
      given ?? 'python3',
      ['-I', '-c', 'import json, sys; print(json.dumps([sys.executable, sys.base_prefix]))'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 },
    );
    const [path, prefix] = JSON.parse(says) as readonly [string, string]; // written one line above
    return { path, read: [prefix] };
  } catch {
    return {
      missing:
        'there is no python3; install it (apt-get install python3), or name one with "interpreter"',
    };
  }
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `codeSandbox: ${what}`);
}
