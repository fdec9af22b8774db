import type { Requirements, ToolInfo } from '@guardstile/core';
import { flowProblems, flowRules, type FlowSpec } from '@guardstile/data-flow';

import { CONFIRMED, readApprove } from '../approve.ts';
import { type Place, readFields } from '../issues.ts';
import type { FlowApprove, FlowDocument } from './document.ts';
import { meaningOfFlow } from './meaning.ts';

/** The flow of a policy, as it was understood. */
export interface ReadFlow {
  readonly spec: FlowSpec;
  /** Of every ask of it. */
  readonly requirements: Requirements;
  /** The rules about a tool, resolved once. */
  readonly of: (tool: ToolInfo) => ReturnType<ReturnType<typeof flowRules>['of']>;
  /** Plain data with the same meaning, for digests. */
  readonly means: unknown;
}

const KNOWN = ['tools', 'rules', 'approve'] as const satisfies ReadonlyArray<keyof FlowDocument>;
const ANSWERED = ['by', 'quorum', 'expires', 'onExpiry'] as const satisfies ReadonlyArray<
  keyof FlowApprove
>;

/** `undefined` where something is wrong with it, which was reported then. */
export function readFlow(value: unknown, place: Place): ReadFlow | undefined {
  const own = readFields(value, KNOWN, place, 'flow');
  if (own === undefined) return undefined;
  const { approve, tools, rules } = own;
  const given = {
    ...(tools === undefined ? {} : { tools }),
    ...(rules === undefined ? {} : { rules }),
  };
  const requirements =
    approve === undefined ? CONFIRMED : readAnswers(approve, place.at('approve'));
  const problems = flowProblems(given);
  for (const { path, message } of problems) {
    path.reduce<Place>((at, key) => at.at(key), place).wrong(sentenceOf(path, message));
  }
  if (problems.length > 0 || requirements === undefined) return undefined;
  const spec = meaningOfFlow(given as FlowSpec); // nothing is wrong with it
  const { of } = flowRules(spec);
  return { spec, requirements, of, means: { spec, requirements } };
}

function readAnswers(value: unknown, place: Place): Requirements | undefined {
  const own = readFields(value, ANSWERED, place, 'approve of a flow');
  if (own === undefined) return undefined;
  const known = ANSWERED.map((key) => [key, own[key]] as const);
  return readApprove(Object.fromEntries(known), place);
}

/** What is wrong with a part says so without its name. */
function sentenceOf(path: readonly (string | number)[], message: string): string {
  if (!/^(?:has|is) /.test(message)) return message;
  const name = path.at(-1);
  return `${typeof name === 'string' && name !== '' ? name : 'it'} ${message}`;
}
