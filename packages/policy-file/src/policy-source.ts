import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import type { PolicyFileIssue } from './file-issue.ts';
import { type FileReader, type ReadPolicyFile, readPolicyFile } from './read-policy-file.ts';

/** The path of a policy file, or its text and a name for messages. */
export type PolicySource = string | { readonly text: string; readonly name: string };

/** More than this is not even read. */
const MOST_BYTES = 4 * 1024 * 1024;

const disk: FileReader = {
  read(path) {
    if (statSync(path).size > MOST_BYTES) {
      throw new Error(`it is larger than ${MOST_BYTES} bytes; split it, or use sets`);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  },
  resolve: (path, from) => resolve(dirname(from), path),
};

/** Reads a file and what it includes. What is wrong with it is in its `issues`. */
export function readSource(source: PolicySource): ReadPolicyFile {
  if (typeof source !== 'string') return readPolicyFile(source.name, source.text);
  let text: string;
  try {
    text = disk.read(source);
  } catch (error) {
    return unreadable(source, error instanceof Error ? error.message : String(error));
  }
  return readPolicyFile(source, text, disk);
}

function unreadable(name: string, why: string): ReadPolicyFile {
  const issueAt = (_: PolicyFileIssue['path'], message: string): PolicyFileIssue => ({
    file: name,
    line: 1,
    column: 1,
    path: [],
    message,
  });
  const issues = [issueAt([], `it cannot be read: ${why}`)];
  return { name, files: [name], texts: [], document: { version: 1 }, issues, issueAt };
}
