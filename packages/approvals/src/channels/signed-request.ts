/** How far the clock of the other side may be off, and how long a message may be on its way. */
const WINDOW_MS = 5 * 60_000;
/** A message is taken for so long, from the earliest to the latest time stamp. */
export const TAKEN_MS: number = 2 * WINDOW_MS;
const LARGEST = 262_144;

/**
 * The bytes of a body exactly as they came, as a signature needs them; nothing where there are too
 * many.
 */
export async function rawBody(request: Request): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = request.body;
  if (body === null) return Buffer.alloc(0);
  for await (const part of body) {
    size += part.length;
    if (size > LARGEST) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Whether a time stamp, in seconds, is of about now. */
export function isRecent(timestamp: string, now: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1000 - now) <= WINDOW_MS;
}

/** An answer in JSON that nobody keeps. */
export function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

/** A link, a preview of it and a crawler only ever ask with GET; nothing is decided by one. */
export function notAllowed(): Response {
  return new Response(null, { status: 405, headers: { allow: 'POST' } });
}
