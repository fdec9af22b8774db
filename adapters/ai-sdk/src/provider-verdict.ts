import {
  type Decision,
  type Fact,
  type Guard,
  type GuardedTool,
  isGuardError,
  type ToolSpec,
} from '@guardstile/core';

/** A tool of a provider, as far as a policy can tell it from others. */
export interface ProviderIdentity {
  /** As the application calls it, or the name of an MCP server. */
  readonly name: string;
  /** As the provider calls it, such as `openai.web_search`. */
  readonly id: string;
}

/** What the guard says of a tool that a provider would run; `here`: this process runs it. */
export type ProviderVerdict =
  | { readonly effect: 'allow' | 'here' }
  | { readonly effect: 'ask' | 'deny'; readonly reason: string; readonly code: string };

/** Decides on tools of providers, and resolves the rules of each once. */
export type DecideProvider = (
  identity: ProviderIdentity,
  args: unknown,
  call?: string,
) => Promise<ProviderVerdict>;

const MOST_TOOLS = 1000;

/** @param facts What the developer states of them, by name. */
export function decideProvider(
  guard: Guard,
  facts: Readonly<Record<string, Fact | readonly Fact[]>>,
): DecideProvider {
  const tools = new Map<string, GuardedTool>();

  function toolOf(identity: ProviderIdentity): GuardedTool {
    const key = JSON.stringify([identity.name, identity.id]);
    let tool = tools.get(key);
    if (tool === undefined) {
      tool = guard.tool(specOf(identity, facts));
      // Names come back from providers, and must not fill the memory.
      if (tools.size < MOST_TOOLS) tools.set(key, tool);
    }
    return tool;
  }

  return async (identity, args, call) => {
    try {
      const input = { args, parsed: true, ...(call === undefined ? {} : { id: call }) };
      return verdictOf(await toolOf(identity).decide(input));
    } catch (error) {
      const code = isGuardError(error) ? error.code : 'policy_error';
      return { effect: 'deny', reason: error instanceof Error ? error.message : code, code };
    }
  };
}

function verdictOf(decision: Decision): ProviderVerdict {
  const { effect, reason } = decision;
  if (effect === 'deny') return { effect, reason, code: decision.code };
  if (!isBare(decision)) {
    const what = 'what it asks of results, limits or a sandbox cannot be done at a provider';
    return { effect: 'deny', reason: `${reason}, but ${what}`, code: 'obligation_unknown' };
  }
  return effect === 'ask' ? { effect, reason, code: 'approval_required' } : { effect };
}

function isBare({ obligations, limits, conditions }: Decision): boolean {
  return obligations.length === 0 && limits.length === 0 && Object.keys(conditions).length === 0;
}

/** Where a provider's tool comes from, in the words of policies: `provider:openai`. */
export function sourceOf({ id }: ProviderIdentity): string {
  const dot = id.indexOf('.');
  return `provider:${dot < 0 ? id : id.slice(0, dot)}`;
}

function specOf(
  identity: ProviderIdentity,
  facts: Readonly<Record<string, Fact | readonly Fact[]>>,
): ToolSpec {
  const { name, id } = identity;
  return {
    name,
    source: sourceOf(identity),
    description: id,
    ...(Object.hasOwn(facts, name) ? { facts: facts[name] ?? [] } : {}),
    // An application may call a code interpreter "calc": what the provider calls it adds its risk.
    ...(RISKY.test(id) ? { annotations: { destructiveHint: true } } : {}),
  };
}

const RISKY = /(?:^|[._-])(?:code|bash|shell|exec|execution|interpreter|computer|edit|patch)/i;
