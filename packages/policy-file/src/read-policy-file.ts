import type * as z from 'zod';

import type { PolicyFileIssue } from './file-issue.ts';
import { LISTS, type Merge, mergeFiles, RECORDS } from './merge-files.ts';
import { BODY_KEYS, fileSchema, fragmentSchema } from './file-schema.ts';
import type { FileDocument } from './policy-file-document.ts';
import { isRecord } from './json-schema-of.ts';
import { readYaml, type YamlFile } from './read-yaml.ts';
import { schemaIssues } from './schema-issues.ts';

type Path = readonly (string | number)[];

/** Where policy files come from. */
export interface FileReader {
  /** The text of a file, by its name. */
  read(name: string): string;
  /** The name of a file that another one includes. */
  resolve(name: string, from: string): string;
}

/** A file as it was read. */
export interface FileText {
  readonly name: string;
  readonly text: string;
}

/** A policy file with everything that it includes. */
export interface ReadPolicyFile {
  readonly name: string;
  /** The files that were read, the first one itself. */
  readonly files: readonly string[];
  readonly texts: readonly FileText[];
  readonly document: FileDocument;
  readonly issues: readonly PolicyFileIssue[];
  /** An issue at a part of the document, in the file that it comes from. */
  issueAt(path: Path, message: string): PolicyFileIssue;
}

const MOST_FILES = 32;

const FRAGMENT_KEYS = ['version', 'include', ...RECORDS, ...LISTS, 'flow'];
const FILE_KEYS = [
  'version',
  'name',
  'revision',
  'include',
  ...RECORDS,
  ...BODY_KEYS,
  'users',
  'agents',
];
const KNOWN = {
  '': [...new Set([...FILE_KEYS, ...LISTS])],
  tests: [
    'name',
    'call',
    'unknown',
    'source',
    'args',
    'as',
    'seen',
    'prompt',
    'tool',
    'result',
    'error',
    'expect',
    'rule',
    'id',
    'role',
    'tenant',
    'agent',
  ],
  sets: ['given', 'example'],
  env: ['type', 'default'],
  users: ['id', 'tenant', 'policy', ...BODY_KEYS],
  agents: ['id', 'policy', ...BODY_KEYS],
};

/** Reads a file and what it includes as one document. */
export function readPolicyFile(name: string, text: string, reader?: FileReader): ReadPolicyFile {
  const main = readYaml(text, name);
  const issues: PolicyFileIssue[] = [...main.issues];
  const merge = mergeFiles(issues);
  const texts: FileText[] = [{ name, text }];
  const document = checked(main, fileSchema, KNOWN, issues);
  if (document !== undefined) {
    merge.add(main, document);
    includeFiles({ merge, issues, texts, reader }, main, document.include);
  }
  return {
    name,
    files: texts.map((file) => file.name),
    texts,
    document: { version: 1, ...document, ...merged(document, merge.document) },
    issues,
    issueAt(path, message) {
      const origin = merge.originOf(path);
      return origin === undefined
        ? main.issueAt(path, message)
        : origin.file.issueAt(origin.path, message);
    },
  };
}

/** Of a flow, only some parts are put together. */
function merged(
  document: FileDocument | undefined,
  parts: Merge['document'],
): Readonly<Record<string, unknown>> {
  const { flow } = document ?? {};
  if (flow === undefined) return parts;
  const added = parts['flow'];
  return { ...parts, flow: isRecord(flow) && isRecord(added) ? { ...flow, ...added } : flow };
}

interface Reading {
  readonly merge: Merge;
  readonly issues: PolicyFileIssue[];
  readonly texts: FileText[];
  readonly reader: FileReader | undefined;
}

function includeFiles(
  reading: Reading,
  file: YamlFile,
  names: readonly string[] | undefined = [],
): void {
  for (const [i, given] of names.entries()) {
    const wrong = includeFile(reading, file, given);
    if (wrong !== undefined) reading.issues.push(file.issueAt(['include', i], wrong));
  }
}

/** Answers why a file cannot be included; what is wrong within it is reported there. */
function includeFile(reading: Reading, from: YamlFile, given: string): string | undefined {
  const { merge, issues, texts, reader } = reading;
  if (reader === undefined)
    return 'a text without a place cannot include files; load it by its path';
  const name = reader.resolve(given, from.name);
  // What is there counts once.
  if (texts.some((one) => reader.resolve(one.name, '') === reader.resolve(name, '')))
    return undefined;
  if (texts.length >= MOST_FILES) return `more than ${MOST_FILES} files are included`;
  let text: string;
  try {
    text = reader.read(name);
  } catch (error) {
    return `${given} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  texts.push({ name, text });
  const file = readYaml(text, name);
  issues.push(...file.issues);
  const fragment = checked(file, fragmentSchema, { ...KNOWN, '': FRAGMENT_KEYS }, issues);
  if (fragment === undefined) return undefined;
  merge.add(file, fragment);
  includeFiles(reading, file, fragment.include);
  return undefined;
}

function checked<T>(
  file: YamlFile,
  schema: z.ZodType<T>,
  known: Readonly<Record<string, readonly string[]>>,
  issues: PolicyFileIssue[],
): T | undefined {
  if (file.issues.length > 0) return undefined;
  const result = schema.safeParse(file.value);
  if (result.success) return result.data;
  for (const { path, message } of schemaIssues(result.error.issues, file.value, known)) {
    issues.push(file.issueAt(path, message));
  }
  return undefined;
}
