import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it arrived. */
export interface ShopRequest {
  readonly line: string;
  readonly body: string;
  /** Whether it carried the shop's key. */
  readonly authorized: boolean;
}

/** A real HTTP server that knows one order and takes refunds. */
export interface ShopServer {
  readonly url: string;
  /** Everything that ever arrived. */
  readonly requests: readonly ShopRequest[];
  close(): Promise<void>;
}

export async function startShop(apiKey: string): Promise<ShopServer> {
  const requests: ShopRequest[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${request.url}`;
    const body = await textOf(request);
    const authorized = request.headers['x-api-key'] === apiKey;
    requests.push({ line, body, authorized });
    response.setHeader('content-type', 'application/json');
    if (!authorized) response.writeHead(401).end('{"error":"no key"}');
    else if (line === 'GET /orders/4711') response.end(orderJson(apiKey));
    else if (line === 'POST /refunds') response.writeHead(201).end('{"refund":"accepted"}');
    else response.writeHead(404).end('{"error":"not found"}');
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Like many a careless API, this one repeats the key that it was called with. */
function orderJson(apiKey: string): string {
  return JSON.stringify({ order: '4711', item: 'teapot', net: 41.93, authorizedBy: apiKey });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}
