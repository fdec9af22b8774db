/** Collects an option that stands several times; one with several values would take what follows it. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
