/** Whether a name stays in the directory that it is put in, wherever that is. */
export function isFileName(name: string): boolean {
  return (
    !/[\\\p{Cc}]/u.test(name) &&
    name.split('/').every((part) => !/^(?:\.{0,2}|[a-z]:.*)$/i.test(part))
  );
}
