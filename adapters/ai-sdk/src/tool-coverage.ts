import { knownExecute } from './known-execute.ts';

/**
 * How a tool relates to a guard:
 * - `guarded`: every start of its body passes through one
 * - `replaced`: guarded, but the SDK runs a body of its own instead (`toolSearch`)
 * - `client-side`: without `execute`; runs where the conversation is shown
 * - `provider-executed`: runs at the model's provider
 * - `unguarded`: has a body here, and no guard stands before it
 */
export type Coverage = 'guarded' | 'replaced' | 'client-side' | 'provider-executed' | 'unguarded';

/** What a guard does about one tool. */
export interface ToolCoverage {
  readonly tool: string;
  readonly coverage: Coverage;
  /** The verdict for every call, where it does not depend on the call. */
  readonly verdict: 'allow' | 'ask' | 'deny' | 'per call' | 'none';
  readonly can: string;
  readonly cannot: string;
  /** What to do about it; empty where nothing is missing. */
  readonly todo: string;
}

type Texts = Pick<ToolCoverage, 'can' | 'cannot' | 'todo'>;

/** What can be said of every tool of a kind. */
export const COVERAGE_TEXTS: Readonly<Record<Coverage, Texts>> = {
  guarded: {
    can: 'decide, ask, audit and stop every call, inside execute',
    cannot: 'see what its body calls in turn: tools of a sub-agent are guarded by wrapping them',
    todo: '',
  },
  replaced: {
    can: 'guard the tools that it finds, where they are wrapped',
    cannot: 'see the search itself: the SDK runs a body of its own',
    todo: '',
  },
  'client-side': {
    can: 'give a verdict before the call is sent, with toolApproval of ai 7 only',
    cannot: 'see the call run, or trust what comes back: it is posted by the client',
    todo: 'pass toolApproval of guardOptions(), and treat its results as input of the user',
  },
  'provider-executed': {
    can: 'withhold the tool from the provider, and audit or veto what comes back',
    cannot: 'see the call before it has run, or ask about it',
    todo: 'wrapLanguageModel({ model, middleware: providerToolMiddleware(guard) })',
  },
  unguarded: {
    can: 'nothing',
    cannot: 'see or stop any call of it',
    todo: 'pass it through withGuard(), and keep the execute that it returns',
  },
};

interface Members {
  readonly type?: unknown;
  readonly execute?: unknown;
  readonly isProviderExecuted?: unknown;
}

/** What a guard does about the tool, told by its `execute` and never by a marker. */
export function toolCoverage(name: string, tool: unknown): ToolCoverage {
  const coverage = coverageOfTool(tool);
  return { tool: name, coverage, verdict: verdictOf(coverage, tool), ...COVERAGE_TEXTS[coverage] };
}

/** The kind of the tool. What cannot be read, or is no tool, is unguarded. */
export function coverageOfTool(tool: unknown): Coverage {
  try {
    return typeof tool === 'object' && tool !== null ? kindOf(tool) : 'unguarded';
  } catch {
    return 'unguarded';
  }
}

function kindOf(tool: Members): Coverage {
  const { type, execute, isProviderExecuted } = tool;
  const ofProvider = type === 'provider' || type === 'provider-defined';
  if (ofProvider && (isProviderExecuted ?? execute === undefined) === true) {
    return 'provider-executed';
  }
  if (typeof execute !== 'function') return execute === undefined ? 'client-side' : 'unguarded';
  if (knownExecute(execute) === undefined) return 'unguarded';
  return isToolSearch(tool) ? 'replaced' : 'guarded';
}

/** The SDK knows its search tool by this symbol, and replaces the body of whatever carries it. */
function isToolSearch(tool: object): boolean {
  return Reflect.get(tool, Symbol.for('vercel.ai.toolSearch')) === true;
}

function verdictOf(coverage: Coverage, tool: unknown): ToolCoverage['verdict'] {
  if (coverage !== 'guarded') return 'none';
  const known = knownExecute((tool as Members).execute); // it is guarded
  const fixed = known?.tool.fixed()?.effect ?? 'per call';
  // What the tool itself demands is asked for at every call that is not denied anyway.
  return fixed === 'deny' || known?.body.demand === undefined ? fixed : 'per call';
}
