import type { PolicyFileIssue } from './file-issue.ts';
import { isRecord } from './json-schema-of.ts';
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
/** The same within `flow`. */
const FLOW_LISTS = ['rules'] as const;
const FLOW_RECORDS = ['tools'] as const;

/** Lists are put behind each other; a name in two files is an issue. */
export function mergeFiles(issues: PolicyFileIssue[]): Merge {
  const origins = new Map<string, { readonly file: YamlFile; readonly path: Path }>();
  const document: Record<string, unknown> = {};

  const addList = (file: YamlFile, to: Part, key: string, list: unknown): void => {
    const before: unknown = to.document[key] ?? [];
    if (!Array.isArray(list) || !Array.isArray(before)) {
      to.document[key] ??= list; // its reader says what is wrong
      return;
    }
    for (const i of list.keys()) {
      origins.set(nameOf([...to.path, key, before.length + i]), {
        file,
        path: [...to.path, key, i],
      });
    }
    to.document[key] = [...(before as readonly unknown[]), ...(list as readonly unknown[])];
  };

  const addRecord = (file: YamlFile, to: Part, key: string, record: unknown): void => {
    if (!isRecord(record)) {
      to.document[key] ??= record; // its reader says what is wrong
      return;
    }
    const before = (to.document[key] ?? {}) as Readonly<Record<string, unknown>>; // made here
    const added: [name: string, value: unknown][] = [];
    for (const [name, value] of Object.entries(record)) {
      const path = [...to.path, key, name];
      if (origins.has(nameOf(path))) {
        issues.push(file.issueAt(path, `"${name}" is there already, in another file`));
        continue;
      }
      origins.set(nameOf(path), { file, path });
      added.push([name, value]);
    }
    to.document[key] = { ...before, ...Object.fromEntries(added) };
  };

  const addParts = (
    file: YamlFile,
    to: Part,
    given: Fields,
    lists: Names,
    records: Names,
  ): void => {
    for (const key of lists) if (given[key] !== undefined) addList(file, to, key, given[key]);
    for (const key of records) if (given[key] !== undefined) addRecord(file, to, key, given[key]);
  };

  return {
    document,
    add(file, { ...given }) {
      addParts(file, { document, path: [] }, given, LISTS, RECORDS);
      if (!isRecord(given.flow)) return;
      const flow = { ...(document['flow'] as Fields | undefined) }; // made here
      addParts(file, { document: flow, path: ['flow'] }, given.flow, FLOW_LISTS, FLOW_RECORDS);
      document['flow'] = flow;
    },
    originOf(path) {
      const length = path[0] === 'flow' ? 3 : 2;
      const origin = origins.get(nameOf(path.slice(0, length)));
      return origin && { file: origin.file, path: [...origin.path, ...path.slice(length)] };
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;
type Names = readonly string[];

/** A part of the document that is being put together, and where in it that is. */
interface Part {
  readonly document: Record<string, unknown>;
  readonly path: Path;
}

function nameOf(path: Path): string {
  return JSON.stringify(path);
}
