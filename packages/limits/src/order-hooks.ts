import {
  type CallContext,
  digest,
  GuardError,
  type Hooks,
  ownOptions,
  type SessionKey,
  type ToolCall,
} from '@guardstile/core';

import type { SessionHistory } from './session-history.ts';

/** What has to have happened in a session before a tool may be called. */
export interface OrderRule {
  /** Unique, and stable: denials name it. */
  readonly id: string;
  /** The tool that has to wait, of whatever source. */
  readonly tool: string;
  /** The tool of which a call has to have ended well before. */
  readonly after: string;
  /** Source of that tool. @default 'app' */
  readonly source?: string;
  /** Top-level arguments in which both calls have to agree, such as the order that is reviewed. */
  readonly same?: readonly string[];
}

const KNOWN = ['id', 'tool', 'after', 'source', 'same'] as const satisfies ReadonlyArray<
  keyof OrderRule
>;

/**
 * Hooks that deny a call until another one has ended well in the same session of the same person.
 * What is not in the history has not happened: a store that fails denies, and so does a context
 * without a session.
 *
 * @throws {GuardError} `options_invalid`.
 *
 * @example
 * const hooks = orderHooks([{ id: 'reviewed', tool: 'refund', after: 'review', same: ['order'] }], memoryHistory());
 */
export function orderHooks(given: readonly OrderRule[], history: SessionHistory): Hooks {
  const rules = readRules(given);
  return {
    name: 'order',
    async preTool(call, context) {
      for (const rule of rules) {
        if (rule.tool !== call.tool.name) continue;
        const session = sessionOf(context);
        const event = eventOf(rule, call);
        if (session !== undefined && event !== undefined && (await history.has(session, event))) {
          continue;
        }
        return { effect: 'deny', reason: reasonOf(rule, session), rule: rule.id };
      }
      return undefined;
    },
    async postTool(call, { status }, context) {
      const session = sessionOf(context);
      if (status !== 'ok' || session === undefined) return;
      for (const rule of rules) {
        const { source, name } = call.tool;
        if (rule.after !== name || (rule.source ?? 'app') !== source) continue;
        const event = eventOf(rule, call);
        if (event !== undefined) await history.add(session, event);
      }
    },
  };
}

function readRules(given: readonly OrderRule[]): readonly OrderRule[] {
  const ids = new Set<string>();
  return given.map((rule) => {
    const own = ownOptions('orderHooks', rule, KNOWN, 'options_invalid');
    const { id, tool, after, source = 'app', same = [] } = own;
    const texts: readonly unknown[] = [id, tool, after, source, ...same];
    if (!Array.isArray(same) || texts.some((text) => typeof text !== 'string' || text === '')) {
      throw invalid('a rule has an id, a tool and the tool that it comes after, as text');
    }
    if (ids.has(id)) throw invalid(`two rules are called "${id}"`);
    ids.add(id);
    return { id, tool, after, source, same: Object.freeze([...(same as readonly string[])]) };
  });
}

/** Whose history it is; without a session there is none. */
function sessionOf({ principal, session }: CallContext): SessionKey | undefined {
  return session === undefined
    ? undefined
    : { tenant: principal?.tenant, principal: principal?.id, session };
}

/** What happens when a call of the earlier tool ends well, told from either of both calls. */
function eventOf({ id, same = [] }: OrderRule, { confined }: ToolCall): string | undefined {
  const args: unknown = confined;
  if (same.length === 0) return digest('order', [id]);
  if (typeof args !== 'object' || args === null) return undefined;
  // Where a field is missing nobody knows whether they agree.
  if (!same.every((field) => Object.hasOwn(args, field))) return undefined;
  const values = same.map((field) => (args as Readonly<Record<string, unknown>>)[field]);
  return digest('order', [id, values]);
}

function reasonOf({ after, same = [] }: OrderRule, session: SessionKey | undefined): string {
  if (session === undefined) {
    return `it has to come after "${after}" in the same session, and the context names no session`;
  }
  const alike = same.length === 0 ? '' : ` with the same ${same.join(' and ')}`;
  return `it has to come after "${after}"${alike} in this session; call that first`;
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `orderHooks: ${what}`);
}
