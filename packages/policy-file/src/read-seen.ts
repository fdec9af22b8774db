import { readFileSync } from 'node:fs';

import { fileInvalid, type PolicyFileIssue } from './file-issue.ts';
import { seenSchema } from './file-schema.ts';
import type { Seen } from './policy-file-document.ts';
import { readYaml, type YamlFile } from './read-yaml.ts';
import { schemaIssues } from './schema-issues.ts';

const KNOWN = { '': ['prompt', 'tool', 'source', 'args', 'result', 'error'] };

/**
 * What a session has seen, from a JSON or YAML file that has it as a test has `seen`.
 *
 * @throws {GuardError} `policy_invalid` with line and column of everything that is wrong with it.
 */
export function readSeen(path: string): readonly Seen[] {
  const file = readYaml(readFileSync(path, 'utf8'), path);
  const issues = [...file.issues];
  const seen = issues.length > 0 ? [] : itemsOf(file, issues);
  if (issues.length > 0) throw fileInvalid(issues);
  return seen;
}

function itemsOf(file: YamlFile, issues: PolicyFileIssue[]): readonly Seen[] {
  if (!Array.isArray(file.value)) {
    issues.push(file.issueAt([], 'it has to be a list of what the session has seen'));
    return [];
  }
  return file.value.flatMap((item: unknown, i) => {
    const result = seenSchema.safeParse(item);
    if (result.success) return [result.data];
    for (const { path, message } of schemaIssues(result.error.issues, item, KNOWN)) {
      issues.push(file.issueAt([i, ...path], message));
    }
    return [];
  });
}
