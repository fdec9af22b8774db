import type { Observed, SessionFlow } from './session-flow.ts';
import { compileLabels } from './path-labels.ts';
import { classOf, type Origin } from './origin.ts';
import { defaultOrigin, type FlowTool } from './tool-flow.ts';

/** Labels what one tool returns. */
export interface ResultLabels {
  /** Keeps a result, or a chunk of it, under its labels. */
  observe(flow: SessionFlow, result: unknown, rid?: string): ResultReport;
  /** What was thrown: nobody vouches for any of it. */
  observeError(flow: SessionFlow, error: unknown, rid?: string): ResultReport;
}

/** What labelling a result came to. */
export interface ResultReport {
  /** Paths of labels that were not there: a typing error, or an optional field. */
  readonly unmatched: readonly string[];
  /** Why the labels could not be applied, so that all of it is as its weakest label says. */
  readonly unread: string | undefined;
  readonly complete: boolean;
}

/** Longest text that is read as a structure. */
const LONGEST_PARSED = 16_000_000;

/** @throws {TypeError} for labels that are none. */
export function resultLabels(tool: FlowTool): ResultLabels {
  const { labels = {}, parse = JSON.parse, otherwise = defaultOrigin(tool.facts) } = tool.flow;
  const node = compileLabels(labels);
  const paths = Object.keys(labels);
  const secret = secretIn(labels);
  const source = (rid: string | undefined) => ({
    tool: tool.name,
    ...(rid === undefined ? {} : { rid }),
  });

  function observe(flow: SessionFlow, result: unknown, rid?: string): ResultReport {
    const structured = paths.some((path) => path !== '');
    const read = structured && typeof result === 'string' ? readText(result, parse) : undefined;
    if (read?.why !== undefined) return { ...wholly(flow, result, rid), unread: read.why };
    const value = read === undefined ? result : read.value;
    const observed = flow.observe(value, { origin: otherwise, labels: node, ...source(rid) });
    return reportOf(observed, paths);
  }

  /** Content that may hold a secret anywhere is both: it may not leave, and nobody believes it. */
  function wholly(flow: SessionFlow, value: unknown, rid: string | undefined): ResultReport {
    const observed = flow.observe(value, { origin: untrustedOf(otherwise), ...source(rid) });
    if (secret === undefined) return reportOf(observed, []);
    const kept = flow.observe(value, { origin: secret, ...source(rid) });
    return reportOf({ ...observed, complete: observed.complete && kept.complete }, []);
  }

  return {
    observe,
    observeError: (flow, error, rid) => wholly(flow, fieldsOf(error), rid),
  };
}

function reportOf({ matched, complete }: Observed, paths: readonly string[]): ResultReport {
  return { unmatched: paths.filter((path) => !matched.has(path)), unread: undefined, complete };
}

function readText(
  text: string,
  parse: (text: string) => unknown,
): { readonly value?: unknown; readonly why?: string } {
  if (text.length > LONGEST_PARSED) return { why: 'it is too long to be read' };
  try {
    return { value: parse(text) };
  } catch {
    return { why: 'it is text that cannot be read' };
  }
}

function secretIn(labels: FlowTool['flow']['labels'] = {}): Origin | undefined {
  return Object.values(labels).find((label) => classOf(label) === 'secret');
}

/** What cannot be told apart is not trusted. */
function untrustedOf(otherwise: Origin): Origin {
  return classOf(otherwise) === 'untrusted' ? otherwise : 'untrusted';
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
