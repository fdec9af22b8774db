import { readSync, writeSync } from 'node:fs';
import { plainJson } from './plain-json.mts';
import type { Answer, Ready, Request, ThrownError } from './protocol.mts';

// The main program of a child: imports one module, waits for one call, answers, and is killed.
// It blocks while it waits, so that it ends with its parent: the other side of descriptor 3 closes.

const CHANNEL = 3;
const NEWLINE = 0x0a;
const [, , module = ''] = process.argv;

function send(message: Ready | Answer, json: string = JSON.stringify(message)): void {
  const bytes = Buffer.from(`${json}\n`);
  for (let sent = 0; sent < bytes.length;) sent += writeSync(CHANNEL, bytes, sent);
}

function receive(): Request {
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.alloc(65_536);
    const length = readSync(CHANNEL, part);
    if (length === 0) process.exit(0);
    parts.push(part.subarray(0, length));
    if (part[length - 1] === NEWLINE) break;
  }
  return JSON.parse(Buffer.concat(parts).toString()) as Request; // written by the parent
}

async function load(): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(module)) as Record<string, unknown>; // a namespace
  } catch (error) {
    send({ failed: thrownError(error)?.message ?? String(error) });
    process.exit(1);
  }
}

async function answer(body: unknown, { args, secrets, fetches }: Request): Promise<void> {
  let value: unknown;
  try {
    const run = fetches
      ? { secrets, fetch: (await import('./brokered-fetch.mts')).brokeredFetch }
      : { secrets };
    value = await (body as (args: unknown, run: object) => unknown)(args, run);
  } catch (error) {
    const threw = thrownError(error);
    send(threw === undefined ? { thrown: plainOr(error) } : { threw });
    return;
  }
  try {
    const json = plainJson(value, false);
    send({}, json === undefined ? '{}' : `{"value":${json}}`);
  } catch (error) {
    send({ refused: `it returned what cannot leave its process: ${messageOf(error)}` });
  }
}

function thrownError(error: unknown): ThrownError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, stack } = error;
  const { code, resource } = error as { code?: unknown; resource?: unknown };
  // Node says in its message what was refused, but not which file.
  const denied = code === 'ERR_ACCESS_DENIED' ? ` (${String(resource)})` : '';
  return {
    name: String(name),
    message: `${messageOf(error)}${denied}`,
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? String(error.message) : String(error);
}

function plainOr(value: unknown): unknown {
  try {
    plainJson(value, false);
    return value;
  } catch {
    return String(value);
  }
}

const loaded = await load();
send({ exports: Object.keys(loaded).filter((name) => typeof loaded[name] === 'function') });
const request = receive();
await answer(loaded[request.export], request);
