import { read, writeSync } from 'node:fs';
import type { FetchReply, FetchRequest } from './protocol.mts';

// Runs inside the child, which has no network: its parent fetches, by rules of its own.

const CHANNEL = 3;
const NEWLINE = 0x0a;
/** Statuses whose responses have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const waiting = new Map<number, (reply: FetchReply) => void>();
let last = 0;
let reading = false;
let rest: Buffer = Buffer.alloc(0);

/** `fetch` through the parent: bodies are whole and no streams, and nothing but the rules there decides. */
export async function brokeredFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(input, init);
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  const reply = await ask({
    url: request.url,
    method: request.method,
    headers: [...request.headers],
    redirect: request.redirect,
    ...(body === undefined ? {} : { body: body.toString('base64') }),
  });
  if ('failed' in reply) {
    const { message, code } = reply.failed;
    throw Object.assign(new TypeError(message), code === undefined ? {} : { code });
  }
  const { status, statusText, headers, url } = reply.response;
  const content = BODILESS.has(status) ? null : Buffer.from(reply.response.body, 'base64');
  const response = new Response(content, {
    status,
    statusText,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  });
  return Object.defineProperty(response, 'url', { value: url });
}

function ask(request: Omit<FetchRequest, 'id'>): Promise<FetchReply> {
  const id = (last += 1);
  const bytes = Buffer.from(`${JSON.stringify({ fetch: { id, ...request } })}\n`);
  for (let sent = 0; sent < bytes.length;) sent += writeSync(CHANNEL, bytes, sent);
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    listen();
  });
}

/** Reads only while somebody waits: a pending read would keep a process alive that has nothing left to do. */
function listen(): void {
  if (reading || waiting.size === 0) return;
  reading = true;
  const part = Buffer.alloc(65_536);
  read(CHANNEL, part, 0, part.length, null, (error, length) => {
    reading = false;
    if (error !== null || length === 0) process.exit(1);
    rest = Buffer.concat([rest, part.subarray(0, length)]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const reply = JSON.parse(rest.subarray(0, end).toString()) as FetchReply; // written by the parent
      rest = rest.subarray(end + 1);
      waiting.get(reply.id)?.(reply);
      waiting.delete(reply.id);
    }
    listen();
  });
}
