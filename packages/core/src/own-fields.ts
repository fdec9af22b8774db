/**
 * The own properties of what somebody answered, so that a polluted prototype lends it nothing.
 * Empty for anything that is no object.
 */
export function ownFields(value: unknown): Readonly<Record<string, unknown>> {
  const own = Object.create(null) as Record<string, unknown>;
  return typeof value === 'object' && value !== null ? Object.assign(own, value) : own;
}
