import type { PolicyIssue } from '../issues.ts';
import type { ReadDocument } from '../read-document.ts';
import type { Rule } from '../rule.ts';
import type { RuleLimit } from '../rule-limit.ts';
import { matchesPattern } from '../tool-pattern.ts';

/** Limits that whoever chooses the session's id has as often as they like: clients choose those. */
export function sessionLimits(
  { rules }: ReadDocument,
  given: ReadonlyArray<{ readonly id: string }>,
): readonly PolicyIssue[] {
  const places = new Map(given.map(({ id }, i) => [id, i]));
  return rules.flatMap((rule) =>
    limitsOf(rule).flatMap(({ id, per, same }, j) => {
      // How often the same is done is no budget: another session has its own loop.
      if (rule.shadow || per !== 'session' || same !== undefined) return [];
      const open = rule.tools.filter((tool) => !rules.some((one) => bounds(one, rule, tool)));
      if (open.length === 0) return [];
      return [
        {
          path: ['rules', places.get(rule.id) ?? 0, 'limits', j, 'per'],
          message: `a new session has all of "${id}" again, and clients choose session ids: limit ${open.join(', ')} per principal as well`,
        },
      ];
    }),
  );
}

/** Whether a rule limits a tool of another one in whatever session, as far as names say. */
function bounds(one: Rule, { source }: Rule, tool: string): boolean {
  const covers = one.tools.some((pattern) => pattern === tool || matchesPattern(tool, pattern));
  const ofSource = one.source === undefined || one.source === source;
  const across = limitsOf(one).some(({ per }) => per !== 'session');
  return !one.shadow && covers && ofSource && across;
}

function limitsOf({ demands }: Rule): readonly RuleLimit[] {
  return demands?.limits ?? [];
}
