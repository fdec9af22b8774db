import { isGuardError } from '@guardstile/core';
import type { Child } from './child.ts';
import type { FetchReply, FetchRequest } from './protocol.mts';

/** Fetches for a child that has no network. */
export interface FetchBroker {
  /** Whether a message of the child is for it; then it sends a reply later. */
  takes(message: unknown): boolean;
  /** Ends what is still being fetched. */
  end(): void;
}

/** How many requests of one child may be under way, their replies included that it has not read. */
const MOST_AT_ONCE = 16;

/** How many replies it may leave unread, refusals included, before nobody reads what it asks for. */
const MOST_UNREAD = 64;

/**
 * Whatever a child asks for goes through `fetch`, whose rules decide. One that asks and does not read
 * the replies has to wait, so that it fills nobody's memory.
 */
export function fetchBroker(
  fetch: typeof globalThis.fetch,
  maxBytes: number,
  { send, listen }: Pick<Child, 'send' | 'listen'>,
): FetchBroker {
  const over = new AbortController();
  let open = 0;

  async function serve(request: FetchRequest): Promise<void> {
    open += 1;
    if (open > MOST_UNREAD) listen(false);
    try {
      const reply =
        open > MOST_AT_ONCE
          ? failed(request.id, new Error(`more than ${MOST_AT_ONCE} requests at once`))
          : await fetched(fetch, request, maxBytes, over.signal);
      if (!over.signal.aborted) await send(JSON.stringify(reply));
    } finally {
      open -= 1;
      if (open <= MOST_AT_ONCE) listen(true);
    }
  }

  return {
    takes(message) {
      const request = requestIn(message);
      if (request === undefined) return false;
      serve(request).catch(() => undefined);
      return true;
    },
    end: () => over.abort(new Error('the call is over')),
  };
}

/** A request as a child wrote it, field by field: it may be hostile. */
function requestIn(message: unknown): FetchRequest | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'fetch')) {
    return undefined;
  }
  const { id, url, method, headers, redirect, body } = {
    ...(message as { fetch: object }).fetch,
  } as {
    readonly [K in keyof FetchRequest]?: unknown;
  };
  return {
    id: Number(id),
    url: String(url),
    method: String(method),
    headers: Array.isArray(headers) ? headers.filter(isHeader) : [],
    redirect: redirect === 'error' || redirect === 'manual' ? redirect : 'follow',
    ...(typeof body === 'string' ? { body } : {}),
  };
}

function isHeader(header: unknown): header is readonly [string, string] {
  return (
    Array.isArray(header) && header.length === 2 && header.every((part) => typeof part === 'string')
  );
}

async function fetched(
  fetch: typeof globalThis.fetch,
  { id, url, method, headers, redirect, body }: FetchRequest,
  maxBytes: number,
  signal: AbortSignal,
): Promise<FetchReply> {
  try {
    const response = await fetch(url, {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      redirect,
      signal,
      ...(body === undefined ? {} : { body: Buffer.from(body, 'base64') }),
    });
    const { status, statusText } = response;
    const content = (await bodyOf(response, maxBytes)).toString('base64');
    return {
      id,
      response: {
        url: response.url,
        status,
        statusText,
        headers: [...response.headers],
        body: content,
      },
    };
  } catch (error) {
    return failed(id, error);
  }
}

async function bodyOf({ body }: Response, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (body === null) return Buffer.alloc(0);
  // Node's streams can be iterated; their chunks are bytes.
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > maxBytes) throw new Error(`its response is larger than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function failed(id: number, error: unknown): FetchReply {
  const message = error instanceof Error ? error.message : String(error);
  return { id, failed: { message, ...(isGuardError(error) ? { code: error.code } : {}) } };
}
