import type { Leaves } from './kept-text.ts';
import { normalizeText } from './normalize-text.ts';
import type { Origin } from './origin.ts';
import { childOf, itemOf, type PathNode } from './path-labels.ts';

/** Deepest nesting that is looked into; below it a value counts as one text. */
const DEEPEST = 64;

interface Collecting {
  readonly parts: string[];
  readonly starts: number[];
  readonly origin: number[];
  readonly pattern: number[];
  readonly item: number[];
  readonly origins: Origin[];
  readonly patterns: Map<string, number>;
  /** Field names seen, so that each is kept once. */
  readonly names: Set<string>;
  readonly matched: Set<string>;
  readonly walking: Set<object>;
  length: number;
  /** Characters that may still be kept. */
  room: number;
}

/** A value as its texts, each with its label; and which labels had something to say. */
export interface Labelled {
  readonly leaves: Leaves;
  readonly matched: ReadonlySet<string>;
  /** Whether all of it found room. */
  readonly complete: boolean;
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
    patterns: new Map(),
    names: new Set(),
    matched: new Set(),
    walking: new Set(),
    length: 0,
    room,
  };
  walk(value, labels, otherwise, '', -1, 0, otherwise, into);
  return {
    leaves: { ...into, text: into.parts.join('\n'), patterns: [...into.patterns.keys()] },
    matched: into.matched,
    complete: into.room >= 0,
  };
}

function walk(
  value: unknown,
  node: PathNode | undefined,
  inherited: Origin,
  pattern: string,
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
  if (value instanceof Date) return leaf(dateText(value), origin, pattern, item, into);
  if (typeof value !== 'object' || value === null || into.walking.has(value)) return;
  if (depth === DEEPEST) return leaf(textOf(value), origin, pattern, item, into);
  into.walking.add(value);
  if (Array.isArray(value)) {
    const child = itemOf(node);
    const path = `${pattern}[]`;
    for (let i = 0; i < value.length; i += 1) {
      const at = item === -1 ? i : item;
      walk(value[i], child, origin, path, at, depth + 1, otherwise, into);
    }
  } else {
    for (const name of Object.keys(value)) {
      const path = pattern === '' ? name : `${pattern}.${name}`;
      if (!into.names.has(name)) {
        into.names.add(name);
        leaf(name, otherwise, path, item, into);
      }
      const own = (value as Readonly<Record<string, unknown>>)[name]; // its own key
      walk(own, childOf(node, name), origin, path, item, depth + 1, otherwise, into);
    }
  }
  into.walking.delete(value);
}

function leaf(text: string, origin: Origin, pattern: string, item: number, into: Collecting): void {
  const kept = normalizeText(text);
  if (kept === '' || into.room < 0) return;
  into.room -= kept.length;
  if (into.room < 0) return;
  let number = into.origins.indexOf(origin);
  if (number === -1) number = into.origins.push(origin) - 1;
  into.parts.push(kept);
  into.starts.push(into.length);
  into.origin.push(number);
  into.pattern.push(patternIn(into.patterns, pattern));
  into.item.push(item);
  into.length += kept.length + 1;
}

const MOST_PATTERNS = 65_535;

/** Field names are content too: there may be any number of them. */
function patternIn(patterns: Map<string, number>, pattern: string): number {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const name = patterns.size < MOST_PATTERNS ? pattern : '…';
  const next = patterns.get(name) ?? patterns.size;
  patterns.set(name, next);
  return next;
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

function textOf(value: object): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
