import type { Leaves } from './kept-text.ts';
import { isNormal, normalizeText } from './normalize-text.ts';
import type { Origin } from './origin.ts';
import { childOf, itemOf, type PathNode } from './path-labels.ts';

/** Deepest nesting that is looked into. */
const DEEPEST = 64;

/** A path with `[]` for any position, and the paths below it. */
interface Pattern {
  readonly path: string;
  readonly number: number;
  readonly below: Map<string, Pattern>;
}

interface Collecting {
  readonly parts: string[];
  readonly starts: number[];
  readonly origin: number[];
  readonly pattern: number[];
  readonly item: number[];
  readonly origins: Origin[];
  readonly patterns: string[];
  readonly matched: Set<string>;
  /** What is being taken apart, from the outside in. */
  readonly within: object[];
  length: number;
  /** Characters that may still be kept. */
  room: number;
  /** Whether something was too deeply nested to be seen. */
  tooDeep: boolean;
}

/** A value as its texts, each with its label; and which labels had something to say. */
export interface Labelled {
  readonly leaves: Leaves;
  readonly matched: ReadonlySet<string>;
  /** Whether all of it found room. */
  readonly complete: boolean;
  /** Characters that may still be kept. */
  readonly room: number;
}

/** Takes a value apart. What no path covers gets `otherwise`; names of fields do too. */
export function leavesOf(
  value: unknown,
  labels: PathNode | undefined,
  otherwise: Origin,
  room: number = Number.POSITIVE_INFINITY,
): Labelled {
  const into: Collecting = {
    parts: [],
    starts: [],
    origin: [],
    pattern: [],
    item: [],
    origins: [],
    patterns: [],
    matched: new Set(),
    within: [],
    length: 0,
    room,
    tooDeep: false,
  };
  walk(value, labels, otherwise, patternOf('', into), -1, 0, otherwise, into);
  return {
    leaves: joined(into),
    matched: into.matched,
    complete: into.room >= 0 && !into.tooDeep,
    room: Math.max(0, into.room),
  };
}

function walk(
  value: unknown,
  node: PathNode | undefined,
  inherited: Origin,
  pattern: Pattern,
  item: number,
  depth: number,
  otherwise: Origin,
  into: Collecting,
): void {
  if (node?.path !== undefined) into.matched.add(node.path);
  const origin = node?.label ?? inherited;
  if (typeof value === 'string') return leaf(value, origin, pattern, item, into);
  if (typeof value === 'number' || typeof value === 'bigint') {
    return leaf(String(value), origin, pattern, item, into);
  }
  if (typeof value !== 'object' || value === null || into.within.includes(value)) return;
  if (value instanceof Date) return leaf(dateText(value), origin, pattern, item, into);
  into.room -= 1;
  if (into.room < 0) return;
  if (depth === DEEPEST) {
    into.tooDeep = true;
    return;
  }
  into.within.push(value);
  if (Array.isArray(value)) {
    const child = itemOf(node);
    const path = below(pattern, '[]', into);
    for (let i = 0; i < value.length && into.room >= 0; i += 1) {
      const at = item === -1 ? i : item;
      walk(value[i], child, origin, path, at, depth + 1, otherwise, into);
    }
  } else {
    for (const name of Object.keys(value)) {
      let path = pattern.below.get(name);
      if (path === undefined) {
        // A name is content too; once is enough.
        leaf(name, otherwise, pattern, item, into);
        path = below(pattern, name, into);
      }
      const own = (value as Readonly<Record<string, unknown>>)[name]; // its own key
      walk(own, childOf(node, name), origin, path, item, depth + 1, otherwise, into);
    }
  }
  into.within.pop();
}

function leaf(
  text: string,
  origin: Origin,
  pattern: Pattern,
  item: number,
  into: Collecting,
): void {
  if (text === '' || into.room < 0) return;
  into.room -= text.length;
  if (into.room < 0) return;
  let number = into.origins.indexOf(origin);
  if (number === -1) number = into.origins.push(origin) - 1;
  into.parts.push(text);
  into.starts.push(into.length);
  into.origin.push(number);
  into.pattern.push(pattern.number);
  into.item.push(item);
  into.length += text.length + 1;
}

const MOST_PATTERNS = 65_535;

/** The path one step down. Names are content: where there are too many paths, the last ones share one. */
function below(pattern: Pattern, name: string, into: Collecting): Pattern {
  const known = pattern.below.get(name);
  if (known !== undefined) return known;
  const dot = pattern.path === '' || name === '[]' ? '' : '.';
  const next = patternOf(`${pattern.path}${dot}${name}`, into);
  pattern.below.set(name, next);
  return next;
}

function patternOf(path: string, { patterns }: Collecting): Pattern {
  const full = patterns.length === MOST_PATTERNS;
  const number = full ? MOST_PATTERNS - 1 : patterns.push(path) - 1;
  return { path, number, below: new Map() };
}

/** In one Unicode form; most texts are in it already. */
function joined(into: Collecting): Leaves {
  const text = into.parts.join('\n');
  if (isNormal(text)) return { ...into, text };
  const parts = into.parts.map(normalizeText);
  let at = 0;
  const starts = parts.map((part) => (at += part.length + 1) - part.length - 1);
  return { ...into, text: parts.join('\n'), starts };
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}
