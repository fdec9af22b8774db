/** Own fields of what may be anything: a polluted prototype must not approve or state anything. */
export function ownFields(value: unknown): Readonly<Record<string, unknown>> {
  const own = Object.create(null) as Record<string, unknown>;
  return typeof value === 'object' && value !== null ? Object.assign(own, value) : own;
}
