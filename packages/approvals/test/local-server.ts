import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

/** A server on this machine that is gone after the test; answers its address. */
export async function localServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // it listens on a port
  return `http://127.0.0.1:${port}`;
}

/** What a server was sent. */
export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** A listener that writes down what it is sent and answers what the test says. */
export function recording(
  respond: (
    received: Received,
    count: number,
  ) => { status?: number; headers?: Record<string, string>; body?: string },
): { readonly all: readonly Received[]; readonly listener: RequestListener } {
  const all: Received[] = [];
  return {
    all,
    listener(request, response) {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { method, url, headers } = request;
        const received = {
          method,
          path: url,
          headers,
          body: Buffer.concat(parts).toString('utf8'),
        };
        all.push(received);
        const { status = 200, headers: own = {}, body = '' } = respond(received, all.length);
        response.writeHead(status, own).end(body);
      });
    },
  };
}
