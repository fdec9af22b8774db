import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';

import type { PolicyFileIssue } from './file-issue.ts';

type Path = readonly (string | number)[];

/** A file that was parsed, as plain data that knows where its parts are. */
export interface YamlFile {
  readonly name: string;
  readonly value: unknown;
  readonly issues: readonly PolicyFileIssue[];
  /** An issue at the part that a path leads to, or at the last part on the way that is there. */
  issueAt(path: Path, message: string): PolicyFileIssue;
}

/** More than any policy that people can review. */
const MOST_BYTES = 4 * 1024 * 1024;
const DEEPEST = 64;

/** Reads YAML or JSON. What YAML has beyond plain data (aliases, tags, directives) is refused. */
export function readYaml(text: string, name: string): YamlFile {
  const lines = new LineCounter();
  const issues: PolicyFileIssue[] = [];
  const wrong = (offset: number, path: Path, message: string): void => {
    const { line, col } = lines.linePos(offset);
    issues.push({ file: name, line: Math.max(line, 1), column: Math.max(col, 1), path, message });
  };
  if (text.length > MOST_BYTES) {
    wrong(0, [], `it is larger than ${MOST_BYTES} bytes; a policy that nobody can read is refused`);
    return empty(name, issues);
  }
  if (opensTooMuch(text)) {
    wrong(0, [], 'it is nested too deeply, or has lines of more than 100,000 letters');
    return empty(name, issues);
  }
  const document = parse(text, lines, wrong);
  if (document === undefined) return empty(name, issues);
  refuseBeyondData(document, wrong);
  if (issues.length > 0) return empty(name, issues);
  const root = document.contents;
  const value = valueOf(root, [], wrong);
  return {
    name,
    value,
    issues,
    issueAt(path, message) {
      const { line, col } = lines.linePos(offsetOf(root, path, namesKey(path, message)));
      return { file: name, line: Math.max(line, 1), column: Math.max(col, 1), path, message };
    },
  };
}

type Wrong = (offset: number, path: Path, message: string) => void;

function empty(name: string, issues: readonly PolicyFileIssue[]): YamlFile {
  return {
    name,
    value: undefined,
    issues,
    issueAt: (path, message) => ({ file: name, line: 1, column: 1, path, message }),
  };
}

const LONGEST_LINE = 100_000;

/** What would cost the parser a second per kilobyte, whether or not it stands in a text. */
function opensTooMuch(text: string): boolean {
  if (/(?:[-?:][ \t]+){100}/.test(text)) return true;
  let open = 0;
  let line = 0;
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i];
    if (letter === '[' || letter === '{') open += 1;
    else if (letter === ']' || letter === '}') open -= 1;
    line = letter === '\n' ? 0 : line + 1;
    if (open > 1000 || line >= LONGEST_LINE) return true;
  }
  return false;
}

function parse(text: string, lineCounter: LineCounter, wrong: Wrong): Document | undefined {
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false, // it compares each with each; see below
      version: '1.2',
      schema: 'core',
      logLevel: 'silent',
    });
    const [first, second] = Array.from(documents);
    if (first === undefined) {
      wrong(0, [], 'it is empty; a policy starts with version: 1');
      return undefined;
    }
    if (second !== undefined) {
      wrong(second.range[0], [], 'it holds several documents; a file is one policy');
    }
    const problems = [...first.errors, ...first.warnings];
    // Past the depth that its parser can go, it reports each level on the way back.
    const [deep] = problems.filter(({ message }) => message.includes('call stack'));
    if (deep !== undefined) wrong(deep.pos[0], [], 'it is nested too deeply');
    else for (const { pos, message } of problems) wrong(pos[0], [], message);
    return deep === undefined && problems.length === 0 ? first : undefined;
  } catch (error) {
    wrong(0, [], error instanceof RangeError ? 'it is nested too deeply' : 'it cannot be parsed');
    return undefined;
  }
}

/** Whatever is not plain data could mean something else to the next reader. */
function refuseBeyondData(document: Document, wrong: Wrong): void {
  if (document.directives?.docStart === true && document.directives.yaml.explicit === true) {
    wrong(0, [], 'a %YAML directive changes what values mean; leave it out');
  }
  try {
    visit(document, {
      Node(_, node) {
        const offset = node.range?.[0] ?? 0;
        if (isAlias(node)) {
          wrong(offset, [], `an alias (*${node.source}) is not supported; use sets`);
          return visit.BREAK;
        }
        if (node.tag !== undefined) {
          wrong(offset, [], `a tag (${node.tag}) is not supported; write plain data`);
          return visit.BREAK;
        }
        return undefined;
      },
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    wrong(0, [], 'it is nested too deeply');
  }
}

function valueOf(node: unknown, path: Path, wrong: Wrong): unknown {
  if (!isNode(node)) return null;
  if (path.length > DEEPEST) {
    wrong(offsetOfNode(node), path, 'it is nested too deeply');
    return null;
  }
  if (isMap(node)) {
    const record: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const { key, value } of node.items) {
      const name = keyOf(key);
      if (Object.hasOwn(record, name)) {
        wrong(
          isNode(key) ? offsetOfNode(key) : offsetOfNode(node),
          path,
          `"${name}" is there twice`,
        );
      }
      record[name] = valueOf(value, [...path, name], wrong);
    }
    return record;
  }
  if (isSeq(node)) return node.items.map((item, i) => valueOf(item, [...path, i], wrong));
  if (!isScalar(node)) return null;
  const { value } = node;
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    wrong(offsetOfNode(node), path, 'this number cannot be held exactly; write it as text');
  }
  // 511 to some readers of YAML, 777 to others.
  if (typeof value === 'number' && /^[-+]?0\d/.test(node.source ?? '')) {
    wrong(
      offsetOfNode(node),
      path,
      `${node.source} can be read as two numbers; write it without the 0, or as text`,
    );
  }
  return value;
}

function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function offsetOfNode(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** Whether what is wrong is the key itself, which messages name first then. */
function namesKey(path: Path, message: string): boolean {
  return message.startsWith(`${JSON.stringify(path.at(-1))} is `);
}

/** Where the value at a path starts, or its key where that is what is wrong, or says more. */
function offsetOf(root: Node | null, path: Path, isKey: boolean): number {
  let node: unknown = root;
  let offset = root === null ? 0 : offsetOfNode(root);
  for (const [i, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyOf(key) === step);
      if (pair === undefined) return offset;
      const last = i === path.length - 1;
      node = pair.value;
      // A key that is wrong is shown itself; on the way, it is what its parts are found by.
      offset = isNode(pair.key) ? offsetOfNode(pair.key) : offset;
      if (last && !isKey && isScalar(node) && node.range) offset = node.range[0];
    } else if (isSeq(node) && typeof step === 'number') {
      const item: unknown = node.items[step];
      if (!isNode(item)) return offset;
      node = item;
      offset = offsetOfNode(item);
    } else {
      return offset;
    }
  }
  return offset;
}
