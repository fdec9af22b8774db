import type { Origin, PathLabels } from '@guardstile/core';

import { classOf } from './origin.ts';
import { mcpContent } from './mcp-content.ts';
import { misses } from './missed-labels.ts';
import { compileLabels, type PathNode, stepsTo } from './path-labels.ts';
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
  /** Of each path of a secret. */
  readonly secretPaths: ReadonlyArray<{
    readonly origin: Origin;
    readonly steps: readonly string[];
  }>;
  /** Those paths alone. */
  readonly secretNodes: readonly PathNode[];
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
  const secretLabels = labels.map(secretOnly);
  return {
    nodes: labels.map(compileLabels),
    secretPaths: secretLabels.flatMap((own) =>
      Object.entries(own).flatMap(([path, origin]) =>
        path === '' ? [] : [{ origin, steps: stepsTo(path) }],
      ),
    ),
    secretNodes: secretLabels.map(compileLabels),
    paths: [...new Set(labels.flatMap((own) => Object.keys(own)))],
    // Names of fields are content: what a tool says of all of it vouches for values only.
    otherwise: whole ?? defaultOrigin(facts),
    untrusted: [...new Set(untrusted)],
    secrets: [...new Set(stated.filter((label) => classOf(label) === 'secret'))],
  };
}

function secretOnly(labels: PathLabels): PathLabels {
  return Object.fromEntries(
    Object.entries(labels).filter(([, label]) => classOf(label) === 'secret'),
  );
}

/** A result under its labels; a text is read where labels ask for fields. */
export function labelResult(
  labelling: Labelling,
  value: unknown,
  format: Format = JSON.parse,
): readonly Labelled[] {
  const { nodes, paths, otherwise } = labelling;
  const structured = paths.some((path) => path !== '');
  const read = structured && typeof value === 'string' ? readText(value, format) : { value };
  if (read === undefined) return labelUnread(labelling, value);
  const observation = { origin: otherwise, labels: nodes };
  return [
    { value: read.value, observation, read: true },
    ...missedSecrets(labelling, read.value, format),
  ];
}

/**
 * What labels of secrets did not find because the value has another shape is secret as a whole. The
 * texts of an MCP result are read for secrets alone: others may have written them.
 */
function missedSecrets(labelling: Labelling, value: unknown, format: Format): readonly Labelled[] {
  const { secretPaths, secretNodes, otherwise } = labelling;
  if (secretPaths.length === 0) return [];
  const content = mcpContent(value);
  if (content === undefined) return wholeSecrets(labelling, value);
  return content.flatMap((one) => {
    const inner = typeof one === 'string' ? (readText(one, format)?.value ?? one) : one;
    const observation = { origin: otherwise, labels: secretNodes };
    return [{ value: inner, observation, read: true }, ...wholeSecrets(labelling, inner)];
  });
}

function wholeSecrets({ secretPaths }: Labelling, value: unknown): readonly Labelled[] {
  const missed = secretPaths.filter(({ steps }) => misses(value, steps));
  return [...new Set(missed.map(({ origin }) => origin))].map((origin) => ({
    value,
    observation: { origin },
    read: false,
  }));
}

/** Content that may hold a secret anywhere is both: it may not leave, and nobody believes it. */
export function labelUnread(
  { otherwise, untrusted, secrets }: Labelling,
  value: unknown,
): readonly Labelled[] {
  return [otherwise, ...secrets].map((origin) => ({
    value,
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
