import { parse } from 'yaml';
import type { Step } from '../data.ts';

/**
 * The step as the tool itself answered. Some recorded agents wrapped what a tool returned, to mark
 * it as data: a guard stands before that.
 */
export function asAnswered(step: Step): Step {
  const { result } = step;
  if (typeof result !== 'string' || !result.startsWith('<<') || !result.endsWith('>>')) return step;
  return { ...step, result: result.slice(2, -2) };
}

/**
 * How the recorded tools write a result as text: YAML as a dumper makes it, so that nothing in it
 * can add fields.
 */
export function recordedFormat(text: string): unknown {
  return parse(text) as unknown;
}
