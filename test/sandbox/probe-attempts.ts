/** What an attempt may use; all of it was made for the probe. */
export interface Bait {
  /** A file outside all roots, and its content. */
  readonly file: string;
  readonly content: string;
  /** A link inside a root to that file. */
  readonly link: string;
  /** A file outside all roots that does not exist. */
  readonly target: string;
  readonly port: number;
  readonly udpPort: number;
  readonly socket: string;
  readonly abstractSocket: string;
  readonly parent: number;
  /** Name of a variable of the parent, and its value. */
  readonly variable: string;
  readonly value: string;
  /** What the command line of processes contains that it starts. */
  readonly marker: string;
}

/** One thing that nobody permitted. */
export interface Attempt {
  readonly what: string;
  /**
   * Body of an async function of `bait` and `load` (which imports a module of Node); true if it
   * succeeded.
   */
  readonly code: string;
  /** That it may end the process in which it runs, so that it has one of its own. */
  readonly alone?: true;
}

export const ATTEMPTS: readonly Attempt[] = [
  {
    what: 'read a file outside its roots',
    code: `const fs = await load('node:fs'); return fs.readFileSync(bait.file, 'utf8') === bait.content;`,
  },
  {
    what: 'read it through a link inside a root',
    code: `const fs = await load('node:fs'); return fs.readFileSync(bait.link, 'utf8') === bait.content;`,
  },
  {
    what: 'learn that it exists',
    code: `const fs = await load('node:fs'); return fs.statSync(bait.file).size > 0;`,
  },
  {
    what: 'write outside its roots',
    code: `const fs = await load('node:fs'); fs.writeFileSync(bait.target, 'x'); return 'look';`,
  },
  {
    what: 'read a variable of the application',
    code: `return process.env[bait.variable] === bait.value;`,
  },
  {
    what: "read it from the application's process",
    code: `const fs = await load('node:fs'); return fs.readFileSync('/proc/' + bait.parent + '/environ', 'utf8').includes(bait.value);`,
  },
  {
    what: 'start a program of the system',
    code: `const { execFileSync } = await load('node:child_process'); return execFileSync('/bin/echo', ['x'], { encoding: 'utf8' }) === 'x\\n';`,
  },
  {
    what: 'start a thread',
    alone: true,
    code: `const { Worker } = await load('node:worker_threads');
const worker = new Worker('0', { eval: true });
return new Promise((resolve, reject) => { worker.once('online', () => resolve(true)); worker.once('error', reject); });`,
  },
  {
    what: 'connect to this machine (TCP)',
    code: `const net = await load('node:net');
return new Promise((resolve, reject) => { net.connect(bait.port, '127.0.0.1').once('connect', () => resolve(true)).once('error', reject); });`,
  },
  {
    what: 'send to this machine (UDP)',
    code: `const { createSocket } = await load('node:dgram');
const socket = createSocket('udp4');
return new Promise((resolve, reject) => {
  socket.once('error', reject);
  socket.once('message', () => resolve(true));
  socket.send('x', bait.udpPort, '127.0.0.1');
  setTimeout(() => resolve(false), 1000);
}).finally(() => socket.close());`,
  },
  {
    what: 'connect to a Unix socket inside a root',
    code: `const net = await load('node:net');
return new Promise((resolve, reject) => { net.connect(bait.socket).once('connect', () => resolve(true)).once('error', reject); });`,
  },
  {
    what: 'connect to an abstract Unix socket',
    code: `const net = await load('node:net');
return new Promise((resolve, reject) => { net.connect(bait.abstractSocket).once('connect', () => resolve(true)).once('error', reject); });`,
  },
  {
    what: 'signal the application',
    code: `return process.kill(bait.parent, 0);`,
  },
  {
    what: 'use a descriptor of the application',
    code: `const fs = await load('node:fs');
return fs.readdirSync('/proc/self/fd').some((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) === bait.file; } catch { return false; } });`,
  },
  {
    what: 'use 600 MB of memory',
    alone: true,
    code: `const kept = []; for (let i = 0; i < 600; i++) { kept.push(new Uint8Array(1_000_000).fill(1)); if (i % 20 === 0) await null; } return kept.length === 600;`,
  },
  {
    what: 'compute for longer than its time',
    alone: true,
    code: `const end = Date.now() + 2500; while (Date.now() < end); return true;`,
  },
  {
    what: 'run 100 processes at once',
    alone: true,
    code: `const { spawn } = await load('node:child_process');
let started = 0;
for (let i = 0; i < 100; i++) {
  const child = spawn('/bin/sleep', ['60'], { argv0: bait.marker, stdio: 'ignore' });
  await new Promise((resolve, reject) => { child.once('spawn', resolve); child.once('error', reject); });
  started += 1;
}
return started === 100;`,
  },
  {
    what: 'leave a process behind',
    alone: true,
    code: `const { spawn } = await load('node:child_process');
const child = spawn('/bin/sleep', ['60'], { argv0: bait.marker, stdio: 'ignore', detached: true });
await new Promise((resolve, reject) => { child.once('spawn', resolve); child.once('error', reject); });
child.unref();
return 'look';`,
  },
];
