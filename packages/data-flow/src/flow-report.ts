import type { Origin } from '@guardstile/core';
import type { FlowRule } from './flow-rule.ts';
import { classOf } from './origin.ts';
import { defaultOrigin, type FlowTool, isIrreversible, type Sink, sinksOf } from './tool-flow.ts';

/** A tool in the report, and why it is in it. */
export interface Reported<What> {
  readonly tool: string;
  readonly what: What;
  /** Whether the developer said so, or it follows from the tool's facts. */
  readonly stated: boolean;
}

/** What the tools of one agent can do with data, without running any. */
export interface FlowReport {
  /** Tools that bring in content which anybody may have written. */
  readonly untrusted: ReadonlyArray<Reported<Origin>>;
  /** Tools that bring in what is not for everybody. */
  readonly private: ReadonlyArray<Reported<'secret' | 'files' | 'records'>>;
  /** Tools whose arguments end up somewhere. */
  readonly sinks: ReadonlyArray<Reported<readonly Sink[]>>;
  /** Tools whose effect cannot be undone. */
  readonly irreversible: readonly string[];
  /** Tools that change something and are no way out by their facts, and of which nobody has stated sinks. */
  readonly unstated: readonly string[];
  /** Tools that are sinks to which no rule leads, and none of whose arguments has to come from anywhere. */
  readonly unchecked: readonly string[];
  /** Whether one agent has private data, untrusted content and a way out: then content can have the data sent. */
  readonly lethalTrifecta: boolean;
}

/** Says which tools are sources, which are sinks, and what that comes to. */
export function flowReport(
  tools: readonly FlowTool[],
  rules: ReadonlyArray<Pick<FlowRule, 'to'>> = [],
): FlowReport {
  const untrusted = tools.flatMap(untrustedOf);
  const hidden = tools.flatMap(privateOf);
  const sinks = tools.flatMap((tool) => {
    const what = sinksOf(tool);
    return what.length === 0 ? [] : [reported(tool, what, tool.flow.sinks !== undefined)];
  });
  const isUnchecked = ({ tool, what }: Reported<readonly Sink[]>): boolean =>
    !rules.some(({ to }) => what.includes(to)) &&
    tools.some(({ name, flow }) => name === tool && Object.keys(flow.args ?? {}).length === 0);
  return {
    untrusted,
    private: hidden,
    sinks,
    irreversible: tools.filter(isIrreversible).map(({ name }) => name),
    unstated: tools.filter(isUnstated).map(({ name }) => name),
    unchecked: sinks.filter(isUnchecked).map(({ tool }) => tool),
    lethalTrifecta:
      untrusted.length > 0 &&
      hidden.length > 0 &&
      sinks.some(({ what }) => what.includes('egress')),
  };
}

/** Facts say of it that it changes something, and not where what it is given goes. */
function isUnstated(tool: FlowTool): boolean {
  const { flow, facts } = tool;
  return (
    flow.sinks === undefined && facts.effect !== 'readOnly' && !sinksOf(tool).includes('egress')
  );
}

function untrustedOf(tool: FlowTool): ReadonlyArray<Reported<Origin>> {
  const { labels = {} } = tool.flow;
  const stated = Object.values(labels);
  // What the whole result is labelled covers what nothing else does.
  const all = labels[''] === undefined ? [...stated, defaultOrigin(tool.facts)] : stated;
  const label = all.find((one) => classOf(one) === 'untrusted');
  if (label === undefined || !bringsContent(tool)) return [];
  return [reported(tool, label, stated.includes(label))];
}

/** A tool that only writes answers with its own words. */
function bringsContent({ facts, flow }: FlowTool): boolean {
  if (flow.labels !== undefined) return true;
  const reads = facts.capabilities.some((c) => READS.has(c));
  return reads || facts.effect === 'readOnly' || facts.effect === 'unknown';
}

const READS: ReadonlySet<string> = new Set(['readFile', 'network', 'databaseRead', 'executeCode']);

function privateOf(tool: FlowTool): FlowReport['private'] {
  const labels = Object.values(tool.flow.labels ?? {});
  if (labels.some((label) => classOf(label) === 'secret')) return [reported(tool, 'secret', true)];
  const { capabilities } = tool.facts;
  if (capabilities.includes('readFile')) return [reported(tool, 'files', false)];
  if (capabilities.includes('databaseRead')) return [reported(tool, 'records', false)];
  return [];
}

function reported<What>({ name }: FlowTool, what: What, stated: boolean): Reported<What> {
  return { tool: name, what, stated };
}

/** The report as text, a line for each kind of tool. */
export function describeFlowReport(report: FlowReport): string {
  const list = (all: ReadonlyArray<Reported<unknown>>): string =>
    all
      .map(({ tool, what, stated }) => `${tool} (${String(what)}${stated ? '' : ', by its facts'})`)
      .join(', ');
  const lines: ReadonlyArray<readonly [string, string]> = [
    ['untrusted content', list(report.untrusted)],
    ['private data', list(report.private)],
    ['sinks', list(report.sinks)],
    ['irreversible', report.irreversible.join(', ')],
    ['no sink stated', report.unstated.join(', ')],
    ['sinks without a rule', report.unchecked.join(', ')],
  ];
  const text = lines.map(([what, tools]) => `${what.padEnd(21)}${tools === '' ? 'none' : tools}`);
  text.push(
    report.lethalTrifecta
      ? 'This agent has private data, untrusted content and a way out at once: content can have the data sent.'
      : 'Private data, untrusted content and a way out are not all there at once.',
  );
  return text.join('\n');
}
