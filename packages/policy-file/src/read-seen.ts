import { readFileSync } from 'node:fs';

import * as z from 'zod';

import { fileInvalid, type PolicyFileIssue } from './file-issue.ts';
import { seenSchema } from './file-schema.ts';
import type { Seen } from './policy-file-document.ts';
import { readYaml } from './read-yaml.ts';
import { schemaIssues } from './schema-issues.ts';

const schema = z.array(seenSchema);
const KNOWN = { '': ['prompt', 'tool', 'source', 'args', 'result', 'error'] };

/**
 * What a session has seen, from a JSON or YAML file as `seen` of a test has it.
 *
 * @throws {GuardError} `policy_invalid` with line and column of everything that is wrong with it.
 */
export function readSeen(path: string): readonly Seen[] {
  const file = readYaml(readFileSync(path, 'utf8'), path);
  if (file.issues.length > 0) throw fileInvalid(file.issues);
  const result = schema.safeParse(file.value);
  if (result.success) return result.data;
  throw fileInvalid(
    schemaIssues(result.error.issues, file.value, KNOWN).map(
      (issue): PolicyFileIssue => file.issueAt(issue.path, issue.message),
    ),
  );
}
