import type { Origin } from '@guardstile/core';
import { classOf, covers, type FlowSpec } from '@guardstile/data-flow';

import type { PolicyIssue } from '../issues.ts';

/**
 * What a flow accepts that nothing is labelled as, and what it labels that nothing is done with. Of
 * content that is not trusted neither is known: hosts and the facts of tools label it too, and the
 * label alone takes something away.
 */
export function flowMistakes(flow: FlowSpec): readonly PolicyIssue[] {
  const [labels, accepted, kept] = [labelsIn(flow), acceptedIn(flow), keptIn(flow)];
  const isGiven = ({ origin }: Named): boolean => labels.some((one) => covers(origin, one.origin));
  const isUsed = ({ origin }: Named): boolean =>
    [...accepted, ...kept].some((one) => covers(one.origin, origin));
  return [
    ...[...accepted, ...kept]
      .filter((one) => isStated(one) && !isGiven(one))
      .map(told((origin) => `no label of this flow is ${origin}`)),
    ...labels
      .filter((one) => isStated(one) && !isUsed(one))
      .map(
        told((origin) =>
          classOf(origin) === 'secret'
            ? `no rule of this flow says where ${origin} may not go`
            : `no argument of this flow may come from ${origin}`,
        ),
      ),
  ];
}

interface Named {
  readonly origin: Origin;
  readonly path: PolicyIssue['path'];
}

function told(messageOf: (origin: Origin) => string): (one: Named) => PolicyIssue {
  return ({ origin, path }) => ({ path, message: messageOf(origin) });
}

function labelsIn({ tools = {} }: FlowSpec): readonly Named[] {
  return Object.entries(tools).flatMap(([tool, { labels = {} }]) =>
    Object.entries(labels).map(([path, origin]) => ({
      origin,
      path: ['flow', 'tools', tool, 'labels', path],
    })),
  );
}

function acceptedIn({ tools = {} }: FlowSpec): readonly Named[] {
  return Object.entries(tools).flatMap(([tool, { args = {} }]) =>
    Object.entries(args).flatMap(([argument, { from }]) =>
      from.map((origin, i) => ({
        origin,
        path: ['flow', 'tools', tool, 'args', argument, 'from', i],
      })),
    ),
  );
}

/** What a rule keeps from going somewhere. */
function keptIn({ rules = [] }: FlowSpec): readonly Named[] {
  return rules.map(({ from }, i) => ({ origin: from, path: ['flow', 'rules', i, 'from'] }));
}

/** What comes from labels alone. */
function isStated({ origin }: Named): boolean {
  return ['trusted', 'trusted-text', 'secret'].includes(classOf(origin) ?? '');
}
