import type { Leaves, LeafPattern } from './kept-text.ts';
import { isNormal, normalizeText } from './normalize-text.ts';
import type { Origin } from './origin.ts';
import { childOf, type PathNode } from './path-labels.ts';

/** Deepest nesting that is looked into. */
const DEEPEST = 64;
const ITEM = '[]';

/** A value as its texts, each with its label; and which labels had something to say. */
export interface Labelled {
  readonly leaves: Leaves;
  readonly matched: ReadonlySet<string>;
  /** Whether all of it was seen, and found room. */
  readonly complete: boolean;
  /** Characters that may still be kept. */
  readonly room: number;
}

/** A path with `[]` for any position: what is stated of it is looked up once. */
interface Pattern extends LeafPattern {
  readonly number: number;
  readonly node: PathNode | undefined;
  readonly below: Map<string, Pattern>;
}

interface Collecting {
  readonly otherwise: Origin;
  readonly parts: string[];
  readonly starts: number[];
  readonly pattern: number[];
  readonly item: number[];
  readonly patterns: LeafPattern[];
  /** By origin: what the paths that are too many share. */
  readonly surplus: Map<Origin, number>;
  readonly matched: Set<string>;
  /** What is being taken apart, from the outside in. */
  readonly within: object[];
  length: number;
  room: number;
  /** Whether something was too deeply nested to be seen. */
  tooDeep: boolean;
}

/** Takes a value apart. What no path covers gets `otherwise`; names of fields do too. */
export function leavesOf(
  value: unknown,
  labels: PathNode | undefined,
  otherwise: Origin,
  room: number = Number.POSITIVE_INFINITY,
): Labelled {
  const into: Collecting = {
    otherwise,
    parts: [],
    starts: [],
    pattern: [],
    item: [],
    patterns: [],
    surplus: new Map(),
    matched: new Set(),
    within: [],
    length: 0,
    room,
    tooDeep: false,
  };
  walk(value, patternOf('', labels, otherwise, into), -1, into);
  return {
    leaves: joined(into),
    matched: into.matched,
    complete: into.room >= 0 && !into.tooDeep,
    room: Math.max(0, into.room),
  };
}

function walk(value: unknown, pattern: Pattern, item: number, into: Collecting): void {
  if (typeof value === 'string') return leaf(value, pattern.number, item, into);
  if (typeof value === 'number' || typeof value === 'bigint') {
    return leaf(String(value), pattern.number, item, into);
  }
  const { within } = into;
  if (typeof value !== 'object' || value === null || within.includes(value)) return;
  if (value instanceof Date) return leaf(dateText(value), pattern.number, item, into);
  into.room -= 1;
  if (into.room < 0) return;
  if (within.length === DEEPEST) {
    into.tooDeep = true;
    return;
  }
  within.push(value);
  if (Array.isArray(value)) {
    const items = pattern.below.get(ITEM) ?? below(pattern, ITEM, into);
    for (let i = 0; i < value.length && into.room >= 0; i += 1) {
      walk(value[i], items, item === -1 ? i : item, into);
    }
  } else {
    // As fast as reading it can be; a polluted prototype adds nothing.
    for (const name in value) {
      if (!Object.hasOwn(value, name)) continue;
      const field = pattern.below.get(name) ?? named(pattern, name, item, into);
      walk((value as Readonly<Record<string, unknown>>)[name], field, item, into); // its own key
    }
  }
  within.pop();
}

function leaf(text: string, pattern: number, item: number, into: Collecting): void {
  if (text === '' || into.room < 0) return;
  into.room -= text.length;
  if (into.room < 0) return;
  into.parts.push(text);
  into.starts.push(into.length);
  into.pattern.push(pattern);
  into.item.push(item);
  into.length += text.length + 1;
}

/** A field that is met for the first time: its name is content too, and once is enough. */
function named(pattern: Pattern, name: string, item: number, into: Collecting): Pattern {
  leaf(name, numberOf(pattern.path, into.otherwise, into), item, into);
  return below(pattern, name, into);
}

function below(pattern: Pattern, name: string, into: Collecting): Pattern {
  const dot = pattern.path === '' || name === ITEM ? '' : '.';
  const path = `${pattern.path}${dot}${name}`;
  const next = patternOf(path, childOf(pattern.node, name), pattern.origin, into);
  pattern.below.set(name, next);
  return next;
}

function patternOf(
  path: string,
  node: PathNode | undefined,
  inherited: Origin,
  into: Collecting,
): Pattern {
  if (node?.path !== undefined) into.matched.add(node.path);
  const origin = node?.label ?? inherited;
  return { path, origin, node, number: numberOf(path, origin, into), below: new Map() };
}

const MOST_PATTERNS = 65_000;

/** Names are content: where there are too many paths, the last ones of an origin share a number. */
function numberOf(path: string, origin: Origin, { patterns, surplus }: Collecting): number {
  if (patterns.length < MOST_PATTERNS) return patterns.push({ path, origin }) - 1;
  let shared = surplus.get(origin);
  if (shared === undefined)
    surplus.set(origin, (shared = patterns.push({ path: '…', origin }) - 1));
  return shared;
}

/** In one Unicode form; most texts are in it already. */
function joined({ parts, starts, pattern, item, patterns }: Collecting): Leaves {
  const text = parts.join('\n');
  if (isNormal(text)) return { text, starts, pattern, item, patterns };
  const normal = parts.map(normalizeText);
  let at = 0;
  const moved = normal.map((part) => (at += part.length + 1) - part.length - 1);
  return { text: normal.join('\n'), starts: moved, pattern, item, patterns };
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}
