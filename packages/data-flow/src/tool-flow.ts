import type { Origin, PathLabels, ToolFacts } from '@guardstile/core';
import type { FromRule } from './from-rule.ts';

/** Where what a tool is given can end up. */
export type Sink = 'egress' | 'money' | 'code' | 'store';

/** What is stated of one tool's part in the flow of data. */
export interface ToolFlow {
  /**
   * Labels of its results by path, such as `{ '': 'untrusted:subject', '[].recipient': 'trusted:payee' }`:
   * the empty path is whatever no other says. @default by its facts, never trusted
   */
  readonly labels?: PathLabels;
  /** Where arguments have to come from, by path, such as `{ recipient: { from: ['prompt'] } }`. */
  readonly args?: Readonly<Record<string, FromRule>>;
  /** Where its arguments can end up. @default by its facts */
  readonly sinks?: readonly Sink[];
  /** Whether what it does cannot be undone: it always asks. @default by its name, unless it only reads */
  readonly irreversible?: boolean;
}

/** What is known of a tool in the flow of data. */
export interface FlowTool {
  readonly name: string;
  readonly facts: ToolFacts;
  readonly flow: ToolFlow;
}

/** The label of what a tool returns, where nothing is stated. */
export function defaultOrigin({ capabilities }: ToolFacts): Origin {
  if (capabilities.includes('network')) return 'untrusted:web';
  if (capabilities.includes('sendEmail')) return 'untrusted:mail';
  if (capabilities.includes('readFile')) return 'untrusted:file';
  if (capabilities.includes('databaseRead')) return 'untrusted:records';
  return 'untrusted';
}

/** Where a tool's arguments can end up. What nobody has stated anything of can send them anywhere. */
export function sinksOf({ facts, flow }: FlowTool): readonly Sink[] {
  if (flow.sinks !== undefined) return flow.sinks;
  const { capabilities, effect, money } = facts;
  const sinks: Sink[] = [];
  const reaches = capabilities.some((c) => c === 'network' || c === 'sendEmail');
  if (reaches || effect === 'unknown') sinks.push('egress');
  if (money) sinks.push('money');
  if (capabilities.includes('executeCode')) sinks.push('code', 'egress');
  if (capabilities.some((c) => c === 'writeFile' || c === 'databaseWrite')) sinks.push('store');
  return [...new Set(sinks)];
}

const FINAL = /^(?:delete|remove|destroy|drop|erase|purge|wipe|truncate|unlink|rm|cancel)$/;

/** Whether what a tool does cannot be undone, as far as anybody says. */
export function isIrreversible({ name, facts, flow }: FlowTool): boolean {
  if (flow.irreversible !== undefined) return flow.irreversible;
  if (facts.effect === 'readOnly') return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/);
  return words.some((word) => FINAL.test(word.toLowerCase()));
}
