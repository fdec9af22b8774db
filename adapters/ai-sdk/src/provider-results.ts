import { type AuditDraft, type Guard, GuardError } from '@guardstile/core';

import { digestOf } from './digest-of.ts';
import type { Offer } from './provider-offer.ts';
import {
  type DecideProvider,
  type ProviderIdentity,
  type ProviderVerdict,
  sourceOf,
} from './provider-verdict.ts';

/** Looks at one part of what a provider answered. Answers the error that ends the step, if any. */
export type Inspect = (part: unknown) => Promise<GuardError | undefined>;

interface Part {
  readonly type?: unknown;
  readonly toolCallId?: unknown;
  readonly toolName?: unknown;
  readonly input?: unknown;
  readonly result?: unknown;
  readonly isError?: unknown;
  readonly preliminary?: unknown;
  readonly providerExecuted?: unknown;
  readonly approvalId?: unknown;
}

/**
 * Writes down what a provider has run, whether it was offered or not, and vetoes what the guard
 * does not allow. The provider has run it by then: a veto keeps the result from the model's next
 * step and from the user.
 */
export function inspectResults(
  guard: Guard,
  decide: DecideProvider,
  offer: Offer,
  onDenied: 'veto' | 'audit',
): Inspect {
  async function call(part: Part): Promise<GuardError | undefined> {
    const name = String(part.toolName);
    const identity = offer.tools.get(name) ?? { name, id: 'unknown' };
    const args = parsed(part.input);
    const verdict = await judge(identity, args, String(part.toolCallId));
    await guard.report({
      ...entryOf('provider.call', identity, part),
      args,
      payload: { effect: verdict.effect, vetoed: isDenied(verdict) && onDenied === 'veto' },
      ...(isDenied(verdict) ? { reason: verdict.reason, code: verdict.code } : {}),
    });
    return isDenied(verdict) && onDenied === 'veto' ? veto(name, verdict.reason) : undefined;
  }

  async function judge(
    identity: ProviderIdentity,
    args: unknown,
    id: string,
  ): Promise<ProviderVerdict> {
    const { name } = identity;
    const withheld = offer.withheld.get(name);
    if (withheld !== undefined) {
      const reason = `it was withheld from the provider (${withheld})`;
      return { effect: 'deny', reason, code: 'denied' };
    }
    const verdict = await decide(identity, args, id);
    // A server was let through as a whole: its tools run unless one is denied by its own name.
    const ofServer = offer.servers && !offer.tools.has(name);
    return verdict.effect === 'ask' && ofServer ? { effect: 'allow' } : verdict;
  }

  async function result(part: Part): Promise<undefined> {
    if (part.preliminary === true) return;
    const name = String(part.toolName);
    // Calls of the same answer are decided before any message holds it.
    await guard.heard([
      { role: 'tool', call: String(part.toolCallId), tool: name, value: part.result },
    ]);
    await guard.report({
      ...entryOf('provider.result', offer.tools.get(name) ?? { name, id: 'unknown' }, part),
      status: part.isError === true ? 'error' : 'ok',
      // The result itself is in the conversation; the log only proves which one it was.
      ...digestOf('result', part.result),
    });
  }

  return async (given) => {
    const part: Part = typeof given === 'object' && given !== null ? given : {};
    if (part.type === 'tool-call' && part.providerExecuted === true) return call(part);
    if (part.type === 'tool-result') return result(part);
    if (part.type === 'tool-approval-request') {
      const payload = { approvalId: part.approvalId };
      await guard.report({
        actor: 'provider',
        action: 'provider.asks',
        ...callOf(part),
        payload,
      });
    }
    return undefined;
  };
}

function isDenied(
  verdict: ProviderVerdict,
): verdict is Extract<ProviderVerdict, { readonly effect: 'ask' | 'deny' }> {
  return verdict.effect === 'ask' || verdict.effect === 'deny';
}

function veto(tool: string, reason: string): GuardError {
  return new GuardError(
    'denied',
    `the provider ran it, and it is denied (${reason}); its result is withheld. Stop offering it, or allow it`,
    { tool },
  );
}

function entryOf(action: string, identity: ProviderIdentity, part: Part): Omit<AuditDraft, 'kind'> {
  return {
    actor: 'provider',
    action,
    tool: identity.name,
    source: sourceOf(identity),
    ...callOf(part),
  };
}

function callOf({ toolCallId }: Part): Pick<AuditDraft, 'call'> {
  return typeof toolCallId === 'string' ? { call: toolCallId } : {};
}

function parsed(input: unknown): unknown {
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input) as unknown;
  } catch {
    return input;
  }
}
