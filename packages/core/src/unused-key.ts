/** The name, or the name with a number where the record has a field of that name already. */
export function unusedKey(taken: object, name: string): string {
  let key = name;
  for (let n = 2; Object.hasOwn(taken, key); n += 1) key = `${name} ${n}`;
  return key;
}
