import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** A handler of requests as a listener for `node:http`. */
export function nodeListener(
  handler: (request: Request) => Promise<Response>,
): (message: IncomingMessage, response: ServerResponse) => void {
  return (message, response) => {
    respond(handler, message, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  };
}

async function respond(
  handler: (request: Request) => Promise<Response>,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', headers } = message;
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) given.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const request = new Request('http://localhost/', {
    method,
    headers: given,
    // The bytes as they come: a parsed body cannot be verified.
    ...(hasBody ? { body: Readable.toWeb(message), duplex: 'half' } : {}),
  });
  const answer = await handler(request);
  const body = Buffer.from(await answer.arrayBuffer());
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
}
