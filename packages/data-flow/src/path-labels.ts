import type { Origin, PathLabels } from '@guardstile/core';
import { classOf } from './origin.ts';

/** One step down a tree of paths. */
export interface PathNode {
  readonly label: Origin | undefined;
  /** The path that said so. */
  readonly path: string | undefined;
  readonly fields: ReadonlyMap<string, PathNode>;
  readonly any: PathNode | undefined;
}

interface MutableNode extends PathNode {
  label: Origin | undefined;
  path: string | undefined;
  readonly fields: Map<string, MutableNode>;
  any: MutableNode | undefined;
}

const ITEM = '[]';
/** Before a name: wherever it is. */
const ANYWHERE = '**.';

/** What is wrong with a path and its label; `undefined` when nothing is. */
export function labelProblem(path: string, label: unknown): string | undefined {
  if (stepsOf(path) === undefined) return `"${path}" is no path; write it like [].recipient`;
  const name = typeof label === 'string' ? classOf(label) : undefined;
  if (name !== undefined && name !== 'prompt' && name !== 'sent') return undefined;
  return `"${String(label)}" at "${path}" is no label; use trusted, trusted-text, untrusted or secret, or one with a kind such as trusted:payee`;
}

/** @throws {TypeError} for a path or label that is none; see {@link labelProblem}. */
export function compileLabels(labels: PathLabels): PathNode {
  const root = emptyNode();
  const anywhere = new Map<string, Pick<PathNode, 'label' | 'path'>>();
  for (const [path, label] of Object.entries(labels)) {
    const problem = labelProblem(path, label);
    if (problem !== undefined) throw new TypeError(problem);
    if (path.startsWith(ANYWHERE)) {
      anywhere.set(path.slice(ANYWHERE.length), { label, path });
      continue;
    }
    let node = root;
    for (const name of stepsOf(path) ?? []) {
      if (name === '*') node = node.any ??= emptyNode();
      else {
        const next = node.fields.get(name) ?? emptyNode();
        node.fields.set(name, next);
        node = next;
      }
    }
    node.label = label;
    node.path = path;
  }
  settle(root, anywhere, anywhere.size === 0 ? undefined : floorOf(anywhere));
  return root;
}

/** What holds below every path that is written out. */
function floorOf(anywhere: ReadonlyMap<string, Pick<PathNode, 'label' | 'path'>>): MutableNode {
  const floor = emptyNode();
  floor.any = floor;
  for (const [name, said] of anywhere) {
    floor.fields.set(name, { ...said, fields: floor.fields, any: floor });
  }
  return floor;
}

/**
 * Makes each field say what every path says of it: one that is written out goes before a name
 * anywhere, and that goes before `*`.
 */
function settle(
  node: MutableNode,
  anywhere: ReadonlyMap<string, Pick<PathNode, 'label' | 'path'>>,
  floor: MutableNode | undefined,
): void {
  const { any } = node;
  for (const name of anywhere.keys()) {
    if (any !== undefined && !node.fields.has(name)) node.fields.set(name, emptyNode());
  }
  for (const [name, child] of node.fields) {
    fill(child, anywhere.get(name));
    if (any !== undefined) addPaths(child, any);
    settle(child, anywhere, floor);
  }
  if (any !== undefined) settle(any, anywhere, floor);
  if (floor === undefined) return;
  node.any ??= floor;
  for (const [name, field] of floor.fields) {
    if (!node.fields.has(name)) node.fields.set(name, field);
  }
}

/** What `*` says of a field, and of what is in it, where nothing else says anything. */
function addPaths(node: MutableNode, from: MutableNode): void {
  fill(node, from);
  for (const [name, child] of from.fields) {
    const own = node.fields.get(name) ?? emptyNode();
    node.fields.set(name, own);
    addPaths(own, child);
  }
  if (from.any !== undefined) addPaths((node.any ??= emptyNode()), from.any);
}

function fill(node: MutableNode, said: Pick<PathNode, 'label' | 'path'> | undefined): void {
  if (node.label === undefined && said?.label !== undefined) {
    node.label = said.label;
    node.path = said.path;
  }
}

/** The node for a field or, as `[]`, an item. */
export function childOf(node: PathNode | undefined, name: string): PathNode | undefined {
  return node === undefined ? undefined : (node.fields.get(name) ?? node.any);
}

function emptyNode(): MutableNode {
  return { label: undefined, path: undefined, fields: new Map(), any: undefined };
}

/** The steps to where a path leads; none where that is anywhere. */
export function stepsTo(path: string): readonly string[] {
  return path.startsWith(ANYWHERE) ? [] : (stepsOf(path) ?? []);
}

/** `[].user.name` as its steps. A field whose name has dots or brackets cannot be named. */
function stepsOf(path: string): readonly string[] | undefined {
  if (path === '') return [];
  if (path.startsWith(ANYWHERE)) return oneStep(path.slice(ANYWHERE.length));
  const steps = path.replaceAll('[]', '.[]').replace(/^\./, '').split('.');
  return steps.every(isStep) ? steps : undefined;
}

function isStep(name: string): boolean {
  return name !== '' && name !== '**' && (name === ITEM || !/[[\]]/.test(name));
}

function oneStep(name: string): readonly string[] | undefined {
  return isStep(name) && name !== '*' && name !== ITEM && !name.includes('.') ? [name] : undefined;
}
