import type { GuardOptions, PolicyFunction } from '@guardstile/core';
import { classOf } from './label-class.ts';
import { approvers } from './approvers.ts';
import type { Contender, Ground, Prepared } from './contender.ts';
import type { SuitePolicy } from './suite-policies.ts';

// What an application can do without looking at any value. They know of the tools what the policies
// of the suite state: which only read, and which return nothing but the system's own words.

const UNTRUSTED = 'untrusted';

const denyAllWrites: PolicyFunction = ({ facts }) =>
  facts.effect === 'readOnly' ? 'allow' : 'deny';

const askOnWrites: PolicyFunction = ({ facts }) => (facts.effect === 'readOnly' ? 'allow' : 'ask');

/** Asks about every write once anything was seen that strangers may have written. */
function coarseLabels(isOwnWord: (tool: string) => boolean): PolicyFunction {
  return ({ tool, facts, labels }) => {
    if (facts.effect !== 'readOnly') return labels.includes(UNTRUSTED) ? 'ask' : 'allow';
    if (isOwnWord(tool.name)) return 'allow';
    return { effect: 'allow', obligations: [{ type: 'label', labels: [UNTRUSTED] }] };
  };
}

/** Tools whose results nobody else can write into, as the policy labels them. */
function ownWords({ flow }: Ground['policies']): (tool: string) => boolean {
  const tools = flow?.document.flow?.tools ?? {};
  return (tool) => {
    const labels = Object.hasOwn(tools, tool) ? tools[tool]?.['labels'] : undefined;
    const all = Object.values(typeof labels === 'object' && labels !== null ? labels : {});
    return all.length > 0 && all.every((label) => classOf(String(label)).startsWith('trusted'));
  };
}

function baseline(
  name: string,
  title: string,
  policyOf: (ground: Ground) => PolicyFunction,
): Contender {
  return {
    name,
    title,
    isBaseline: true,
    prepare(ground): Prepared {
      const { policies } = ground;
      const known = policies.flow ?? policies.rules;
      if (known === undefined) return { kind: 'left-out', why: 'no policy says what its tools do' };
      const policy = policyOf(ground);
      return { kind: 'ready', guard: () => guardOf(policy, known) };
    },
  };
}

function guardOf(policy: PolicyFunction, known: SuitePolicy): GuardOptions {
  return { policy, facts: known.facts, approver: approvers };
}

export const baselines: readonly Contender[] = [
  baseline('coarse', 'coarse labels: after anything untrusted every write asks', ({ policies }) =>
    coarseLabels(ownWords(policies)),
  ),
  baseline('ask-on-writes', 'every write asks', () => askOnWrites),
  baseline('deny-all-writes', 'every write is denied', () => denyAllWrites),
];
