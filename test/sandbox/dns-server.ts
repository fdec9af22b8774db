import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { Resolver } from 'node:dns/promises';

/** What a name has, every time it is asked for. */
export type Answers = (name: string, time: number) => readonly string[];

export interface DnsServer {
  /** Asks this server for every address of a name. */
  resolve(name: string): Promise<readonly string[]>;
  close(): void;
}

const TYPE_A = 1;

/** A DNS server on this machine that answers A and AAAA over UDP. */
export async function startDnsServer(answers: Answers): Promise<DnsServer> {
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (query, { address, port }) => {
    const name = nameIn(query);
    const type = query.readUInt16BE(12 + name.length + 2);
    const key = `${type} ${name}`;
    const time = asked.get(key) ?? 0;
    asked.set(key, time + 1);
    const found = answers(name, time).filter((one) => isIPv4(one) === (type === TYPE_A));
    socket.send(answerOf(query, name, type, found), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    async resolve(name) {
      const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    },
    close: () => socket.close(),
  };
}

function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; (query[at] ?? 0) > 0;) {
    const length = query[at] ?? 0;
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return labels.join('.');
}

function answerOf(query: Buffer, name: string, type: number, found: readonly string[]): Buffer {
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x81_80, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(found.length, 6);
  const question = query.subarray(12, 12 + name.length + 2 + 4);
  return Buffer.concat([head, question, ...found.map((address) => record(type, address))]);
}

function record(type: number, address: string): Buffer {
  const data = type === TYPE_A ? bytes4(address) : bytes6(address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc0_0c, 0); // the name of the question
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(0, 6); // kept by nobody
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function bytes4(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function bytes6(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(left), groups(right ?? '')];
  const between = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Buffer.from(
    [...before, ...between, ...after].flatMap((group) => [group >> 8, group & 0xff]),
  );
}
