import { type Approval, describeRequirement, visible } from '@guardstile/core';

import { ownFields } from './own-fields.ts';

/** The one action of an interrupt, under the names that clients of either kind look for. */
export interface AskedAction {
  readonly name: string;
  readonly action_name: string;
  readonly args: unknown;
  readonly arguments: unknown;
  readonly description: string;
}

/** What a reviewer may answer. */
export type AllowedDecision = 'approve' | 'edit' | 'reject';

interface ReviewConfig {
  readonly actionName: string;
  readonly action_name: string;
  readonly allowedDecisions: readonly AllowedDecision[];
  readonly allowed_decisions: readonly AllowedDecision[];
}

/**
 * The value of an interrupt that asks about one call: in the words of LangChain's human-in-the-loop
 * middleware and, since the inbox user interfaces read those, in snake case as well.
 */
export interface InterruptPayload {
  readonly actionRequests: readonly [AskedAction];
  readonly action_requests: readonly [AskedAction];
  readonly reviewConfigs: readonly [ReviewConfig];
  readonly review_configs: readonly [ReviewConfig];
  readonly guardstile: {
    readonly aid: string;
    readonly reason: string;
    readonly requires: readonly string[];
    /** Top-level argument fields that an edit may change. */
    readonly editable: readonly string[];
    /** Milliseconds since 1970. */
    readonly expiresAt: number;
  };
}

/** What is shown for an open approval. Only where the asker can take an edit is one offered. */
export function interruptPayload(
  approval: Approval,
  { edits }: { readonly edits: boolean },
): InterruptPayload {
  const { aid, bindings, reason, requirements, expiresAt } = approval;
  const { name } = bindings.tool;
  const args = plainValue(argsNow(approval));
  const requires = requirements.votes.map(describeRequirement);
  const editable = edits ? requirements.editable : [];
  const action: AskedAction = {
    name,
    action_name: name,
    args,
    arguments: args,
    description: describe(name, args, reason, requires),
  };
  const allowed: readonly AllowedDecision[] =
    editable.length > 0 ? ['approve', 'edit', 'reject'] : ['approve', 'reject'];
  const review: ReviewConfig = {
    actionName: name,
    action_name: name,
    allowedDecisions: allowed,
    allowed_decisions: allowed,
  };
  return {
    actionRequests: [action],
    action_requests: [action],
    reviewConfigs: [review],
    review_configs: [review],
    guardstile: { aid, reason, requires, editable, expiresAt },
  };
}

/** What would run: what is shown without the arguments has an edit in it already. */
function argsNow({ args, shown, edited }: Approval): unknown {
  if (args === undefined || edited === undefined) return args ?? shown;
  return { ...ownFields(args), ...edited.fields };
}

function describe(
  name: string,
  args: unknown,
  reason: string,
  requires: readonly string[],
): string {
  const lines = [
    `${name} needs ${requires.join(' and ')}: ${reason}`,
    '',
    `Tool: ${name}`,
    `Args: ${JSON.stringify(args, null, 2) ?? 'none'}`,
  ];
  return lines
    .map((line) =>
      line
        .split('\n')
        .map((text) => visible(text))
        .join('\n'),
    )
    .join('\n');
}

/** The value as JSON has it: an interrupt is stored and sent. */
export function plainValue(value: unknown): unknown {
  const text = JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' ? item.toString() : item,
  ) as string | undefined; // undefined for what JSON has no word for
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
