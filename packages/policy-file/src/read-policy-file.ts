import type * as z from 'zod';

import type { PolicyFileIssue } from './file-issue.ts';
import { BODY_KEYS, fileSchema, fragmentSchema } from './file-schema.ts';
import type { FileDocument } from './policy-file-document.ts';
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

const LISTS = ['rules', 'deny', 'optional', 'tests'] as const;
const RECORDS = ['env', 'sets', 'facts'] as const;
const MOST_FILES = 32;

const FRAGMENT_KEYS = ['version', 'include', ...RECORDS, ...LISTS];
const FILE_KEYS = ['version', 'name', 'include', ...RECORDS, ...BODY_KEYS, 'users', 'agents'];
const KNOWN = {
  '': [...new Set([...FILE_KEYS, ...LISTS])],
  tests: [
    'name',
    'call',
    'source',
    'args',
    'as',
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

/** What one file contributes, and where in it. */
interface Origin {
  readonly file: YamlFile;
  readonly path: Path;
}

/** Reads a file and what it includes as one document. */
export function readPolicyFile(name: string, text: string, reader?: FileReader): ReadPolicyFile {
  const main = readYaml(text, name);
  const issues: PolicyFileIssue[] = [...main.issues];
  const files: string[] = [name];
  const texts: FileText[] = [{ name, text }];
  const origins = new Map<string, Origin>();
  const merged: Record<string, unknown> = {};

  const add = (file: YamlFile, document: Partial<FileDocument>): void => {
    for (const key of LISTS) {
      const list = document[key];
      if (!Array.isArray(list)) {
        if (list !== undefined) merged[key] ??= list; // its reader says what is wrong
        continue;
      }
      const before = merged[key] === undefined ? [] : merged[key];
      if (!Array.isArray(before)) continue;
      for (const i of list.keys()) {
        origins.set(`${key}/${before.length + i}`, { file, path: [key, i] });
      }
      merged[key] = [...(before as readonly unknown[]), ...(list as readonly unknown[])];
    }
    for (const key of RECORDS) addRecord(file, key, document[key] ?? {});
  };

  const addRecord = (file: YamlFile, key: string, record: object): void => {
    const before: Record<string, unknown> = (merged[key] as Record<string, unknown>) ?? {}; // made here
    merged[key] = before;
    for (const [entry, value] of Object.entries(record)) {
      if (origins.has(`${key}/${entry}`)) {
        issues.push(file.issueAt([key, entry], `"${entry}" is there already, in another file`));
        continue;
      }
      origins.set(`${key}/${entry}`, { file, path: [key, entry] });
      before[entry] = value;
    }
  };

  const include = (file: YamlFile, names: readonly string[] | undefined): void => {
    for (const [i, given] of (names ?? []).entries()) {
      const wrong = (message: string): void => {
        issues.push(file.issueAt(['include', i], message));
      };
      if (reader === undefined) {
        wrong('a text without a place cannot include files; load it by its path');
        continue;
      }
      const path = reader.resolve(given, file.name);
      if (files.includes(path)) continue; // what is there counts once
      if (files.length >= MOST_FILES) return wrong(`more than ${MOST_FILES} files are included`);
      files.push(path);
      let part: YamlFile;
      try {
        const included = reader.read(path);
        texts.push({ name: path, text: included });
        part = readYaml(included, path);
      } catch (error) {
        wrong(`${given} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
        continue;
      }
      issues.push(...part.issues);
      const fragment = checked(part, fragmentSchema, { ...KNOWN, '': FRAGMENT_KEYS }, issues);
      if (fragment === undefined) continue;
      add(part, fragment);
      include(part, fragment.include);
    }
  };

  const document = checked(main, fileSchema, KNOWN, issues);
  if (document !== undefined) {
    add(main, document);
    include(main, document.include);
  }
  return {
    name,
    files,
    texts,
    document: { version: 1, ...document, ...withoutEmpty(merged) },
    issues,
    issueAt(path, message) {
      const origin = origins.get(`${path[0]}/${path[1]}`);
      if (origin === undefined) return main.issueAt(path, message);
      return origin.file.issueAt([...origin.path, ...path.slice(2)], message);
    },
  };
}

function withoutEmpty(record: Readonly<Record<string, unknown>>): object {
  const given = Object.entries(record).filter(
    ([, value]) => typeof value !== 'object' || value === null || Object.keys(value).length > 0,
  );
  return Object.fromEntries(given);
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
