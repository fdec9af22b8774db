import type { CallInput, GuardedTool, PolicyAnswer } from '@guardstile/core';

/**
 * A tool of an MCP server: `denial` is asked at every call, so that tools which were handed out
 * before a definition changed are denied too.
 */
export function mcpTool(tool: GuardedTool, denial: () => PolicyAnswer | undefined): GuardedTool {
  function judged<I extends CallInput>(input: I): I {
    const answer = denial();
    return answer === undefined ? input : { ...input, demands: [...(input.demands ?? []), answer] };
  }

  return {
    name: tool.name,
    fixed: () => (denial() === undefined ? tool.fixed() : undefined),
    decide: (input) => tool.decide(judged(input)),
    open: (input, options) => tool.open(judged(input), options),
    vote: (input) => tool.vote(judged(input)),
    run: (input, execute) => tool.run(judged(input), execute),
  };
}
