import type { FlowView, Origin } from '@guardstile/core';
import { classOf, covers } from './origin.ts';
import { INCOMPLETE, placeText } from './describe-provenance.ts';
import type { Sink } from './tool-flow.ts';

/** What must not flow where. */
export interface FlowRule {
  readonly id: string;
  readonly from: Origin;
  readonly to: Sink;
  /** @default 'deny' */
  readonly else?: 'ask' | 'deny';
  /**
   * Whether the arguments have to hold the secret, or it is enough that the session has seen any:
   * for what values cannot show, such as a summary. Anything but secrets goes by the session.
   *
   * @default 'value' for secrets
   */
  readonly by?: 'value' | 'session';
}

/** Why a call of a tool that leads to the rule's sink breaks it; `undefined` when it keeps it. */
export function violation(
  flow: FlowView,
  tool: string,
  args: unknown,
  { from, to, by = 'value' }: FlowRule,
): string | undefined {
  if (by === 'session' || classOf(from) !== 'secret') {
    if (flow.origins.some((origin) => covers(from, origin))) {
      return `the session has seen ${from} content, and ${tool} leads to ${to}`;
    }
    return flow.complete ? undefined : unknown(`the session has seen ${from} content`, tool, to);
  }
  const place = flow.secretsIn(args).find(({ origin }) => covers(from, origin));
  if (place !== undefined) {
    return `its arguments hold a secret (${placeText(place)}), and ${tool} leads to ${to}`;
  }
  return flow.complete ? undefined : unknown('its arguments hold a secret', tool, to);
}

function unknown(what: string, tool: string, to: Sink): string {
  return `nobody can tell whether ${what}, and ${tool} leads to ${to}; ${INCOMPLETE}`;
}
