import { createHash } from 'node:crypto';
import type { Data, RecordedTool, Step, Suite, Trace, UserTask } from './data.ts';

/** Gives every identifier another name, always the same one. */
export type Naming = (identifier: string) => string;

/** Names that say nothing, another for each seed. */
export function namingBy(seed: number): Naming {
  return (identifier) => {
    const hash = createHash('sha256').update(`${seed} ${identifier}`).digest('hex');
    return `n${hash.slice(0, 12)}`;
  };
}

/**
 * The same data with other names for suites, tools, arguments, tasks and what the sinks look for,
 * the names of tools and what sinks look for inside of texts too. What stays is what happened.
 */
export function renamed({ suites, sets }: Data, name: Naming): Data {
  const identifiers = identifiersOf(suites);

  const text = (from: string): string =>
    identifiers.reduce((all, identifier) => all.replaceAll(identifier, name(identifier)), from);

  const json = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(json);
    return isRecord(value) ? mapped(value, (key) => key, json) : value;
  };

  const tool = ({ name: called, description, params }: RecordedTool): RecordedTool => {
    const { properties, required } = params;
    return {
      name: name(called),
      description: text(description),
      params: {
        ...params,
        ...(isRecord(properties) ? { properties: mapped(properties, name, json) } : {}),
        ...(Array.isArray(required) ? { required: required.map(String).map(name) } : {}),
      },
    };
  };

  const suite = ({ suite: called, tools, injectionTasks, userTasks }: Suite): Suite => ({
    suite: name(called),
    tools: tools.map(tool),
    injectionTasks: injectionTasks.map(({ id, sinks }) => ({
      id: name(id),
      sinks: sinks.map((sink) => ({
        tool: name(sink.tool),
        argsContain: text(sink.argsContain),
      })),
    })),
    ...(userTasks === undefined ? {} : { userTasks: userTasks.map(userTask) }),
  });

  const userTask = ({ calls }: UserTask): UserTask => ({
    calls: calls.map((call) => ({ tool: name(call.tool), result: json(call.result) })),
  });

  const step = ({ tool: called, args, result, error, ...rest }: Step): Step => ({
    ...rest,
    tool: name(called),
    args: mapped(args, name, json),
    result: json(result),
    ...(error === undefined ? {} : { error: text(error) }),
  });

  const trace = ({ injection, ...rest }: Trace): Trace => ({
    ...rest,
    suite: name(rest.suite),
    user: name(rest.user),
    injection: typeof injection === 'string' ? name(injection) : injection,
    prompt: text(rest.prompt),
    steps: rest.steps.map(step),
  });

  return {
    suites: suites.map(suite),
    sets: sets.map((set) => ({ name: set.name, traces: set.traces.map(trace) })),
  };
}

/** What is replaced inside of texts. Longest first, so that none is lost inside of another. */
export function identifiersOf(suites: readonly Suite[]): readonly string[] {
  const all = suites.flatMap(({ tools, injectionTasks }) => [
    ...tools.map(({ name }) => name),
    // A sink that looks for a whole value has the quotes of the JSON around it.
    ...injectionTasks.flatMap(({ sinks }) => sinks.map((s) => s.argsContain.replaceAll('"', ''))),
  ]);
  return [...new Set(all)].sort((a, b) => b.length - a.length);
}

function mapped(
  record: Readonly<Record<string, unknown>>,
  key: (key: string) => string,
  value: (value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([k, v]) => [key(k), value(v)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
