import { GuardError } from '@guardstile/core';
import { CODES, type Outcome } from '../child/outcome.ts';
import type { CodeFile, CodeOutput } from './code-result.mts';
import { isFileName } from './file-name.mts';

/** What came of code: its value, what it threw, or how it was kept from ending by itself. */
export type CodeResult =
  | ({ readonly outcome: 'value'; readonly result: unknown } & CodeOutput)
  | ({
      readonly outcome: 'error';
      readonly error: { readonly name: string; readonly message: string };
    } & CodeOutput)
  | ({
      readonly outcome: 'refused' | 'timeout' | 'memory' | 'crashed' | 'output';
      readonly reason: string;
    } & CodeOutput);

/**
 * @throws {GuardError} `sandbox_unavailable`; the reason of the abort.
 */
export function resultOf(outcome: Outcome): CodeResult {
  switch (outcome.kind) {
    case 'value':
      return readReport(outcome.value);
    case 'threw':
      return stopped('crashed', `what runs it failed: ${textOf(outcome.error)}`);
    case 'aborted':
      throw outcome.cause;
    case 'unavailable':
      throw new GuardError(CODES.unavailable, outcome.reason);
    default:
      return stopped(outcome.kind, outcome.reason);
  }
}

type Stopped = 'refused' | 'timeout' | 'memory' | 'crashed' | 'output';

function stopped(outcome: Stopped, reason: string): CodeResult {
  return { outcome, reason, stdout: '', stderr: '', files: [] };
}

const STOPPED: readonly unknown[] = ['timeout', 'memory', 'output'] satisfies readonly Stopped[];

/** A report as the process around the code wrote it, which the code may have got hold of. */
function readReport(report: unknown): CodeResult {
  const { outcome, result, error, reason, stdout, stderr, files } = fieldsOf(report);
  const output: CodeOutput = {
    stdout: textIn(stdout),
    stderr: textIn(stderr),
    files: Array.isArray(files) ? files.filter(isFile) : [],
  };
  if (outcome === 'value') return { outcome, result, ...output };
  if (outcome === 'error') {
    const { name, message } = fieldsOf(error);
    return { outcome, error: { name: String(name), message: String(message) }, ...output };
  }
  if (STOPPED.includes(outcome)) {
    return { outcome: outcome as Stopped, reason: String(reason), ...output }; // looked up
  }
  return stopped('crashed', 'it answered nonsense');
}

/** Whoever puts it into a directory of its own relies on its name. */
function isFile(file: unknown): file is CodeFile {
  const { name, text, base64 } = fieldsOf(file);
  if (typeof name !== 'string' || !isFileName(name)) return false;
  return typeof text === 'string' || typeof base64 === 'string';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object.assign(Object.create(null) as object, value) as Record<string, unknown>; // of whatever kind
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
