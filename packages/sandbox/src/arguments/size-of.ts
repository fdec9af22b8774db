/** Bytes of the largest text or bytes in arguments. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  const parts =
    value instanceof Map || value instanceof Set ? value.values() : Object.values(value);
  let largest = 0;
  for (const part of parts) largest = Math.max(largest, sizeOf(part));
  return largest;
}
