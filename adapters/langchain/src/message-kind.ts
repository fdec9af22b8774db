/** What LangChain's own messages say that they are; plain data cannot. */
export function kindOf(message: unknown): unknown {
  if (typeof message !== 'object' || message === null) return undefined;
  const kind: unknown = Reflect.get(message, 'getType');
  return typeof kind === 'function' ? Reflect.apply(kind, message, []) : undefined;
}
