import type { ExecuteFunction, ToolShape } from './tool-shape.ts';

/** That a tool itself wants a person to approve: always, or when its function says so. */
export type Demand = true | ExecuteFunction;

/** What the tool's `needsApproval` demands, if anything. The SDK takes it for true or false. */
export function demandOf(tool: ToolShape): Demand | undefined {
  const { needsApproval } = tool;
  if (typeof needsApproval === 'function') {
    return (input, options) => Reflect.apply(needsApproval, tool, [input, options]) as unknown;
  }
  return Boolean(needsApproval) || undefined;
}

/** Both demands together. */
export function eitherDemand(a: Demand | undefined, b: Demand | undefined): Demand | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a === true || b === true) return true;
  return async (input, options) => {
    const answers = [await demanded(a, input, options), await demanded(b, input, options)];
    return answers.includes(true);
  };
}

/** Whether it is demanded for this call. A tool that cannot say wants it. */
export function demanded(
  demand: Demand | undefined,
  input: unknown,
  options: unknown,
): boolean | Promise<boolean> {
  if (typeof demand !== 'function') return demand === true;
  try {
    const answer = demand(input, options);
    if (!isThenable(answer)) return Boolean(answer);
    return Promise.resolve(answer).then(Boolean, () => true);
  } catch {
    return true;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
