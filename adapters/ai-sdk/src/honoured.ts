import { optionsOf } from './call-input.ts';

const honoured = new WeakSet<object>();

/** The options as a guard passes them on to the one behind it, once its own approval has been used. */
export function markHonoured(options: unknown): object {
  const passed = { ...optionsOf(options) };
  honoured.add(passed);
  return passed;
}

/** Whether a guard in front has used the approval that the conversation claims. */
export function isHonoured(options: unknown): boolean {
  return typeof options === 'object' && options !== null && honoured.has(options);
}
