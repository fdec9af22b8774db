import type { Origin, PathLabels } from '@guardstile/core';

import { classOf } from './origin.ts';
import { compileLabels, type PathNode } from './path-labels.ts';
import type { Observation } from './session-flow.ts';
import { isThenable } from './steps.ts';
import { defaultOrigin, type FlowTool } from './tool-flow.ts';

/** Reads a result that is text. */
export type Format = (text: string) => unknown;

/** How the results of a tool are labelled. */
export interface Labelling {
  readonly nodes: readonly PathNode[];
  readonly paths: readonly string[];
  /** What is covered by nothing. */
  readonly otherwise: Origin;
  /** What anything may be, where nobody can tell the fields apart. */
  readonly untrusted: readonly Origin[];
  readonly secrets: readonly Origin[];
}

/** A value to be kept, and how. */
export interface Labelled {
  readonly value: unknown;
  readonly observation: Pick<Observation, 'origin' | 'labels' | 'noted'>;
  /** Whether labels were looked for by path. */
  readonly read: boolean;
}

/** Longest text that is read as a structure. */
const LONGEST_PARSED = 16_000_000;

/** @throws {TypeError} for labels that are none. */
export function labellingOf(facts: FlowTool['facts'], labels: readonly PathLabels[]): Labelling {
  const stated = labels.flatMap((own) => Object.values(own));
  const untrusted = stated.filter((label) => classOf(label) === 'untrusted');
  const whole = labels
    .map((own) => own[''])
    .find((own) => own !== undefined && untrusted.includes(own));
  return {
    nodes: labels.map(compileLabels),
    paths: [...new Set(labels.flatMap((own) => Object.keys(own)))],
    // Names of fields are content: what a tool says of all of it vouches for values only.
    otherwise: whole ?? defaultOrigin(facts),
    untrusted: [...new Set(untrusted)],
    secrets: [...new Set(stated.filter((label) => classOf(label) === 'secret'))],
  };
}

/** A result under its labels; a text is read where labels ask for fields. */
export function labelResult(
  labelling: Labelling,
  value: unknown,
  format: Format = JSON.parse,
): readonly Labelled[] {
  const { nodes, paths, otherwise } = labelling;
  const structured = paths.some((path) => path !== '');
  if (!structured || typeof value !== 'string') {
    return [{ value, observation: { origin: otherwise, labels: nodes }, read: true }];
  }
  const read = readText(value, format);
  if (read === undefined) return labelUnread(labelling, value);
  return [{ value: read.value, observation: { origin: otherwise, labels: nodes }, read: true }];
}

/** Content that may hold a secret anywhere is both: it may not leave, and nobody believes it. */
export function labelUnread(
  { otherwise, untrusted, secrets }: Labelling,
  value: unknown,
): readonly Labelled[] {
  const one = fieldsOf(value);
  return [otherwise, ...secrets].map((origin) => ({
    value: one,
    observation: { origin, noted: untrusted },
    read: false,
  }));
}

function readText(text: string, format: Format): { readonly value: unknown } | undefined {
  if (text.length > LONGEST_PARSED) return undefined;
  try {
    const value = format(text);
    return isThenable(value) ? undefined : { value };
  } catch {
    return undefined;
  }
}

const DEEPEST_CAUSE = 8;

/** An error as plain data; its own fields may hold what a server answered. */
function fieldsOf(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  return {
    ...Object.fromEntries(Object.entries(error)),
    name: error.name,
    message: error.message,
    ...(depth < DEEPEST_CAUSE ? { cause: fieldsOf(error.cause, depth + 1) } : {}),
  };
}
