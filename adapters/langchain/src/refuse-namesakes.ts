import { GuardError } from '@guardstile/core';

interface Named {
  readonly name: string;
}

/**
 * A model calls tools by their names, and so do policies.
 *
 * @throws {GuardError} `tool_invalid` for two different tools of one name.
 */
export function refuseNamesakes(tools: readonly Named[]): void {
  const seen = new Map<string, Named>();
  for (const tool of tools) {
    const { name } = tool;
    if ((seen.get(name) ?? tool) !== tool) {
      throw new GuardError(
        'tool_invalid',
        'two tools have this name, and nobody could tell their calls apart; rename one',
        { tool: name },
      );
    }
    seen.set(name, tool);
  }
}
