/** The variables of this process that a child gets: those that are named, and no other. */
export function environmentOf(names: readonly string[]): Readonly<Record<string, string>> {
  const given = names.flatMap((name) => {
    const value = Object.hasOwn(process.env, name) ? process.env[name] : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}
