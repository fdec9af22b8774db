import { isAbsolute, relative, resolve, sep } from 'node:path';
import {
  type Fact,
  layers,
  standardPolicy,
  type Policy,
  type PolicyFunction,
} from '@guardstile/core';

/** What the developer states of the tools. */
export const facts = {
  readFile: 'readOnly',
  writeFile: 'edit',
  getOrder: ['readOnly', 'network'],
  refund: 'money',
} satisfies Readonly<Record<string, Fact | readonly Fact[]>>;

/** The first layer says what may happen at all; the others can only add asks and denials. */
export function demoPolicy(folder: string): Policy {
  return layers([
    {
      name: 'support desk',
      grants: standardPolicy({ mode: 'acceptEdits', allow: Object.keys(facts) }),
    },
    { name: 'ticket folder', restricts: staysIn(folder) },
    { name: 'money', restricts: asksForMoney },
  ]);
}

function staysIn(folder: string): PolicyFunction {
  return ({ confined }) => {
    const { path } = confined as { readonly path?: unknown };
    if (typeof path !== 'string' || isInside(folder, path)) return undefined;
    return {
      effect: 'deny',
      reason: `${path} is outside the ticket folder`,
      rule: 'ticket-folder',
    };
  };
}

/** By its text alone: a policy looks at no file, following links is a sandbox's part. */
function isInside(folder: string, path: string): boolean {
  const way = relative(folder, resolve(folder, path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

const asksForMoney: PolicyFunction = ({ facts: { money } }) =>
  money ? { effect: 'ask', reason: 'it moves money', rule: 'money' } : undefined;
