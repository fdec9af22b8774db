import { type CallContext, ownOptions, type Policy, type ToolCall } from '@guardstile/core';

import { decisionPoint, type PointAnswer } from './decision-point.ts';

export interface AuthzenOptions {
  /** Address of the decision point; `/access/v1/evaluation` is added to it. */
  readonly url: string;
  /** Such as `{ authorization: 'Bearer …' }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long an answer may take, in milliseconds. @default 1000 */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/**
 * A decision point that speaks the AuthZEN Authorization API 1.0, as one more layer that restricts.
 * An answer with obligations denies: nobody here could perform them.
 *
 * @example
 * layers([{ name: 'rules', grants: rules }, { name: 'pdp', restricts: authzen({ url }) }]);
 */
export function authzen(options: AuthzenOptions): Policy {
  const known = ['url', 'headers', 'timeoutMs', 'fetch'] as const;
  const {
    url,
    headers = {},
    timeoutMs,
    fetch: send = fetch,
  } = ownOptions('authzen', options, known, 'options_invalid');
  const endpoint = new URL(`${url.replace(/\/$/, '')}/access/v1/evaluation`).href;
  return decisionPoint({
    name: 'authzen',
    version: endpoint,
    timeoutMs,
    async ask(call, context, signal) {
      const response = await send(endpoint, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'x-request-id': call.rid },
        body: JSON.stringify(evaluationOf(call, context)),
        redirect: 'error',
        signal,
      });
      if (response.status !== 200) throw new Error(`it answered with status ${response.status}`);
      return answerOf(await response.json());
    },
  });
}

function evaluationOf({ tool, confined }: ToolCall, context: CallContext): object {
  const { principal, agent, session } = context;
  return {
    subject: {
      type: principal === undefined ? 'anonymous' : 'user',
      id: principal?.id ?? 'anonymous',
      properties: {
        ...(principal?.tenant === undefined ? {} : { tenant: principal.tenant }),
        ...(principal?.roles === undefined ? {} : { roles: principal.roles }),
        ...(principal?.attributes === undefined ? {} : { attributes: principal.attributes }),
      },
    },
    action: { name: 'call', properties: { args: confined } },
    resource: { type: 'tool', id: tool.name, properties: { source: tool.source } },
    context: {
      ...(agent === undefined ? {} : { agent }),
      ...(session === undefined ? {} : { session }),
    },
  };
}

function answerOf(answer: unknown): PointAnswer {
  const { decision, context } = fieldsOf(answer);
  const { reason_user: forUser, reason_admin: forAdmin, obligations } = fieldsOf(context);
  if (Array.isArray(obligations) ? obligations.length > 0 : obligations !== undefined) {
    throw new Error('it wants obligations performed, which nobody here knows');
  }
  const reason = [forUser, forAdmin].find((one) => typeof one === 'string');
  if (decision === true) return { effect: 'allow', reason };
  if (decision === false) return { effect: 'deny', reason };
  throw new Error('its answer has no decision');
}

/** Own fields, so that a polluted prototype decides nothing. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}
