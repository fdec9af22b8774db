/**
 * One turn of the event loop. Calls that end in the same turn end in no order that anybody may rely
 * on, with or without a guard: who wants an order puts a turn between them.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
