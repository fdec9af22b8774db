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
  for (const [path, label] of Object.entries(labels)) {
    const problem = labelProblem(path, label);
    if (problem !== undefined) throw new TypeError(problem);
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
  return root;
}

/** The node for a field or, as `[]`, an item. */
export function childOf(node: PathNode | undefined, name: string): PathNode | undefined {
  return node === undefined ? undefined : (node.fields.get(name) ?? node.any);
}

function emptyNode(): MutableNode {
  return { label: undefined, path: undefined, fields: new Map(), any: undefined };
}

/** `[].user.name` as its steps. A field whose name has dots or brackets cannot be named. */
function stepsOf(path: string): readonly string[] | undefined {
  if (path === '') return [];
  const steps = path.replaceAll('[]', '.[]').replace(/^\./, '').split('.');
  const good = steps.every((name) => name !== '' && (name === ITEM || !/[[\]]/.test(name)));
  return good ? steps : undefined;
}
