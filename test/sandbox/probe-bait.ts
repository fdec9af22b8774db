import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bait } from './probe-attempts.ts';

/** What is laid out for a probe. */
export interface Laid {
  readonly bait: Bait;
  /** The directory that tools may read. */
  readonly root: string;
  /** Whether the file outside was written since the last look. */
  wasWritten(): boolean;
  clear(): void;
}

/** Lays out files, servers, sockets and a variable, and takes all away in the end. */
export async function layBait(): Promise<Laid> {
  const directory = mkdtempSync(join(tmpdir(), 'guardstile-probe-'));
  const root = join(directory, 'root');
  mkdirSync(root);
  const marker = `probe-${process.pid}-${Date.now()}`;
  const bait: Bait = {
    file: join(directory, 'outside'),
    content: `content of ${marker}`,
    link: join(root, 'link'),
    target: join(directory, 'target'),
    port: 0,
    udpPort: 0,
    socket: join(root, 'socket'),
    abstractSocket: `\0${marker}`,
    parent: process.pid,
    // One that was there when this process started: its beginning shows in `/proc`.
    variable: 'PATH',
    value: process.env['PATH'] ?? 'none',
    marker,
  };
  writeFileSync(bait.file, bait.content);
  symlinkSync(bait.file, bait.link);
  const descriptor = openSync(bait.file, 'r');
  const tcp = await listening({ port: 0, host: '127.0.0.1' });
  const unix = await listening({ path: bait.socket });
  const abstract = await listening({ path: bait.abstractSocket });
  const udp = createSocket('udp4');
  udp.on('message', (_message, { port, address }) => udp.send('x', port, address));
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  return {
    bait: { ...bait, port: portOf(tcp), udpPort: udp.address().port },
    root,
    wasWritten() {
      const written = existsSync(bait.target);
      rmSync(bait.target, { force: true });
      return written;
    },
    clear() {
      for (const server of [tcp, unix, abstract, udp]) server.close();
      closeSync(descriptor);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function listening(options: object): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(options);
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
