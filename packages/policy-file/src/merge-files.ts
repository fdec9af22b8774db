import type { PolicyFileIssue } from './file-issue.ts';
import type { FileDocument } from './policy-file-document.ts';
import type { YamlFile } from './read-yaml.ts';

type Path = readonly (string | number)[];

/** What files contribute to the same document, and where each part of it comes from. */
export interface Merge {
  add(file: YamlFile, document: Partial<FileDocument>): void;
  readonly document: Readonly<Record<string, unknown>>;
  /** The file and the place in it of a part of the document; `undefined` where it was not merged. */
  originOf(path: Path): { readonly file: YamlFile; readonly path: Path } | undefined;
}

export const LISTS = ['rules', 'deny', 'optional', 'tests'] as const;
export const RECORDS = ['env', 'sets', 'facts'] as const;

/** Lists are put behind each other; a name in two files is an issue. */
export function mergeFiles(issues: PolicyFileIssue[]): Merge {
  const origins = new Map<string, { readonly file: YamlFile; readonly path: Path }>();
  const document: Record<string, unknown> = {};

  const addList = (file: YamlFile, key: string, list: unknown): void => {
    const before: unknown = document[key] ?? [];
    if (!Array.isArray(list) || !Array.isArray(before)) {
      document[key] ??= list; // its reader says what is wrong
      return;
    }
    for (const i of list.keys()) {
      origins.set(`${key}/${before.length + i}`, { file, path: [key, i] });
    }
    document[key] = [...(before as readonly unknown[]), ...(list as readonly unknown[])];
  };

  const addRecord = (file: YamlFile, key: string, record: object): void => {
    const before = (document[key] ?? {}) as Readonly<Record<string, unknown>>; // made here
    const added: [name: string, value: unknown][] = [];
    for (const [name, value] of Object.entries(record)) {
      if (origins.has(`${key}/${name}`)) {
        issues.push(file.issueAt([key, name], `"${name}" is there already, in another file`));
        continue;
      }
      origins.set(`${key}/${name}`, { file, path: [key, name] });
      added.push([name, value]);
    }
    document[key] = { ...before, ...Object.fromEntries(added) };
  };

  return {
    document,
    add(file, { ...given }) {
      for (const key of LISTS) if (given[key] !== undefined) addList(file, key, given[key]);
      for (const key of RECORDS) if (given[key] !== undefined) addRecord(file, key, given[key]);
    },
    originOf([key, part, ...rest]) {
      const origin = origins.get(`${key}/${part}`);
      return origin && { file: origin.file, path: [...origin.path, ...rest] };
    },
  };
}
