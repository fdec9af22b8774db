import type { Fact, Guard, PolicyAnswer } from '@guardstile/core';

import type { DefinitionFinding, DefinitionPins } from './definition-pins.ts';
import { ownOf } from './field-of.ts';
import type { ToolDefinition } from './tool-definition.ts';
import type { ToolOptions } from './tool-spec.ts';

/** What the application says of one MCP server. */
export interface McpSourceOptions {
  readonly source: string;
  readonly facts: Readonly<Record<string, Fact | readonly Fact[]>>;
  readonly trusted: boolean;
  readonly toolSecrets: Readonly<Record<string, readonly string[]>>;
  readonly pins: DefinitionPins;
  /** Whether only tools that the server lists may be called. */
  readonly listedOnly: boolean;
}

/** One MCP server: what it lists, and what is denied of it. */
export interface McpSource {
  readonly listedOnly: boolean;
  /** What is stated of a tool, whatever the server says of it. */
  stated(tool: string): Required<Pick<ToolOptions, 'source' | 'trusted' | 'facts' | 'secrets'>>;
  /** The restriction that its definition puts on a tool, if any. */
  denial(tool: string): PolicyAnswer | undefined;
  definition(tool: string): ToolDefinition | undefined;
  listed(tool: string): boolean;
  observe(definitions: readonly ToolDefinition[], complete: boolean): void;
  /** Writes down, once, that a tool is left out. */
  leaveOut(tool: string, reason: string): void;
}

const RULE = 'definition-pins';

export function mcpSource(guard: Guard, options: McpSourceOptions): McpSource {
  const { source, facts, trusted, toolSecrets, pins, listedOnly } = options;
  const definitions = new Map<string, ToolDefinition>();
  const told = new Set<string>();

  /** Once for each finding; the calls that are denied for it are in the log anyway. */
  function tell(tool: string, kind: string, reason: string): void {
    const finding = JSON.stringify([tool, reason]);
    if (told.has(finding)) return;
    told.add(finding);
    const draft = { action: 'mcp.definition', actor: 'guard', source, tool, reason };
    guard.report({ ...draft, payload: { kind } }).catch(() => undefined);
  }

  function reasonAgainst(tool: string): string | undefined {
    const finding = pins.finding(source, tool);
    if (finding !== undefined) return reasonOf(finding);
    const unlisted = listedOnly && !pins.listed(source, tool);
    return unlisted ? `the MCP server ${source} does not list it` : undefined;
  }

  return {
    listedOnly,
    stated: (tool) => ({
      source,
      trusted,
      // What is stated for the guard is stated of tools of this name from other sources.
      facts: ownOf(facts, tool) ?? [],
      secrets: ownOf(toolSecrets, tool),
    }),
    denial(tool) {
      const reason = reasonAgainst(tool);
      return reason === undefined ? undefined : { effect: 'deny', rule: RULE, reason };
    },
    definition: (tool) => definitions.get(tool),
    listed: (tool) => pins.listed(source, tool),
    observe(listed, complete) {
      for (const finding of pins.observe(source, listed, complete)) {
        tell(finding.tool, finding.kind, reasonOf(finding));
      }
      if (complete) definitions.clear();
      for (const definition of listed) definitions.set(definition.name, definition);
    },
    leaveOut: (tool, reason) => tell(tool, 'left out', reason),
  };
}

function reasonOf({ source, kind, changed }: DefinitionFinding): string {
  const review = 'review it, and accept it with pins.accept(finding) out of pins.findings()';
  switch (kind) {
    case 'new':
      return `the MCP server ${source} offers it, and nobody has accepted it; ${review}`;
    case 'changed':
      return `the MCP server ${source} changed its ${changed.join(', ')} since it was accepted; ${review}`;
    case 'ambiguous':
      return `the MCP server ${source} lists it more than once; have the server mended`;
    case 'unreadable':
      return `its definition is too large or cannot be read; have the MCP server ${source} mended`;
    case 'missing':
      return `the MCP server ${source} does not list it any more; forget it with pins.accept(finding)`;
  }
}
