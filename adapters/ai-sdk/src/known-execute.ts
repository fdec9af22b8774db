import type { Guarded } from './guarded-execute.ts';
import type { NativeApproval } from './native-approval.ts';
import type { ExecuteFunction } from './tool-shape.ts';
import type { ToolOptions } from './tool-spec.ts';

/** What is known of an `execute` that a guard made. */
export interface Known extends Guarded {
  readonly options: ToolOptions;
  readonly approval: NativeApproval | undefined;
  /** What another guard put there before. */
  readonly inner: Known | undefined;
}

/** A constructor that answers what it is given, so that the class below adds its field to that. */
const Given = function (given: object) {
  return given;
} as unknown as new (given: object) => object;

/**
 * A private field on the function itself: nobody can copy it to another function or read it. It is
 * what a WeakMap would be, at a third of the cost of wrapping a tool for every request.
 */
class Marked extends Given {
  readonly #known: Known;

  constructor(execute: ExecuteFunction, known: Known) {
    super(execute);
    this.#known = known;
  }

  static known(execute: object): Known | undefined {
    return #known in execute ? execute.#known : undefined;
  }
}

/** Remembers what is behind the function. Returns the function. */
export function markExecute(execute: ExecuteFunction, known: Known): ExecuteFunction {
  void new Marked(execute, known);
  return execute;
}

/** What is behind an `execute`, if a guard made it. */
export function knownExecute(execute: unknown): Known | undefined {
  return typeof execute === 'function' ? Marked.known(execute) : undefined;
}
