// A chat server in one process: node examples/src/chat/server.ts [FOLDER] [PORT]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';

import { serve } from '../support/serve.ts';
import { pageFiles } from './page-files.ts';
import { createChatRoute } from './route.ts';

const [folder = join(tmpdir(), 'guardstile-chat'), port = '0'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const route = createChatRoute(folder);

const filesAt = pageFiles();

const server = await serve(async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname !== '/api/chat') {
    return (await filesAt(pathname)) ?? new Response('not found', { status: 404 });
  }
  if (request.method === 'POST') return route.POST(request);
  if (request.method === 'GET') return route.GET(request);
  return new Response('POST or GET', { status: 405 });
}, Number(port));

console.log(`listening on ${server.url}`);

async function stop(): Promise<void> {
  await server.close();
  await route.close();
  if (process.connected) process.disconnect();
}
process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());
// Started by another process, it goes when that one goes, however it goes.
process.once('disconnect', () => void stop());
