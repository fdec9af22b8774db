import type { Origin } from '@guardstile/core';
import type { Leaves, LeafPattern } from './kept-text.ts';
import { isNormal, normalizeText } from './normalize-text.ts';
import { classOf, leastTrusting } from './origin.ts';
import { childOf, type PathNode } from './path-labels.ts';
import { plainOf, UNREAD } from './plain-of.ts';

/** Deepest nesting that is looked into. */
const DEEPEST = 64;
const ITEM = '[]';

/** A value as its texts, each with its label; and which labels had something to say. */
export interface Labelled {
  readonly leaves: Leaves;
  readonly matched: ReadonlySet<string>;
  /** What was said of some of it, where something else is less trusting still. */
  readonly noted: ReadonlySet<Origin>;
  /** Whether all of it was seen, and found room. */
  readonly complete: boolean;
  /** Characters that may still be kept. */
  readonly room: number;
}

/** A path with `[]` for any position: what is stated of it is looked up once. */
interface Pattern {
  readonly path: string;
  readonly number: number;
  /** What else it is kept as: a secret of several kinds. */
  readonly more: readonly number[];
  /** By labelling: where in it the path is, and what it says so far. */
  readonly nodes: ReadonlyArray<PathNode | undefined>;
  readonly opinions: ReadonlyArray<Origin | undefined>;
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
  readonly noted: Set<Origin>;
  /** What is being taken apart, from the outside in. */
  readonly within: object[];
  length: number;
  room: number;
  /** Whether something was too deeply nested, or shows nothing that can be read. */
  unread: boolean;
}

/**
 * Takes a value apart. What no labelling covers gets `otherwise`; names of fields do too. Where
 * several say something of a field, it is the least trusting of it.
 */
export function leavesOf(
  value: unknown,
  labels: readonly PathNode[],
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
    noted: new Set(),
    within: [],
    length: 0,
    room,
    unread: false,
  };
  walk(
    value,
    patternOf(
      '',
      labels,
      labels.map(() => undefined),
      into,
    ),
    -1,
    into,
  );
  return {
    leaves: joined(into),
    matched: into.matched,
    noted: into.noted,
    complete: into.room >= 0 && !into.unread,
    room: Math.max(0, into.room),
  };
}

function walk(value: unknown, pattern: Pattern, item: number, into: Collecting): void {
  if (typeof value === 'string') return leaf(value, pattern, item, into);
  if (typeof value === 'number' || typeof value === 'bigint') {
    return leaf(String(value), pattern, item, into);
  }
  const { within } = into;
  if (typeof value !== 'object' || value === null || within.includes(value)) return;
  const plain = plainOf(value);
  if (plain !== value) {
    // Of an error, what nobody can read is not shown either.
    if (plain === UNREAD && !within.some((one) => one instanceof Error)) into.unread = true;
    within.push(value);
    walk(plain, pattern, item, into);
    within.pop();
    return;
  }
  into.room -= 1;
  if (into.room < 0) return;
  if (within.length === DEEPEST) {
    into.unread = true;
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

function leaf(text: string, { number, more }: Pattern, item: number, into: Collecting): void {
  push(text, number, item, into);
  for (const other of more) push(text, other, item, into);
}

function push(text: string, pattern: number, item: number, into: Collecting): void {
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
  push(name, numberOf(pattern.path, into.otherwise, into), item, into);
  return below(pattern, name, into);
}

function below(pattern: Pattern, name: string, into: Collecting): Pattern {
  const dot = pattern.path === '' || name === ITEM ? '' : '.';
  const path = `${pattern.path}${dot}${name}`;
  const nodes = pattern.nodes.map((node) => childOf(node, name));
  const next = patternOf(path, nodes, pattern.opinions, into);
  pattern.below.set(name, next);
  return next;
}

function patternOf(
  path: string,
  nodes: Pattern['nodes'],
  inherited: Pattern['opinions'],
  into: Collecting,
): Pattern {
  for (const node of nodes) if (node?.path !== undefined) into.matched.add(node.path);
  const opinions = inherited.map((own, i) => nodes[i]?.label ?? own);
  const said = opinions.filter((own) => own !== undefined);
  const origins = leastTrusting(said);
  for (const own of said) {
    if (classOf(own) === 'untrusted' && !origins.includes(own)) into.noted.add(own);
  }
  const [first = into.otherwise, ...rest] = origins;
  return {
    path,
    nodes,
    opinions,
    number: numberOf(path, first, into),
    more: rest.map((origin) => numberOf(path, origin, into)),
    below: new Map(),
  };
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
