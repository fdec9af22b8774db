import { GuardError } from '@guardstile/core';
import type { Child } from './child.ts';
import type { Launch } from './launch.ts';
import type { Limits } from './limits.ts';
import type { Outcome } from './outcome.ts';
import { plainJson } from './plain-json.mts';
import { runCall } from './run-call.ts';
import { createSpares } from './spares.ts';
import type { Ceiling } from './watchdog.ts';

/** A function of a module, and what it is called with. */
export interface ModuleCall {
  readonly url: string;
  readonly export: string;
  readonly args: unknown;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** Calls functions of modules, each call in a fresh process. */
export interface Caller {
  call(call: ModuleCall): Promise<Outcome>;
  /** The same, and whether everything that the call started ended with it. */
  observe(call: ModuleCall): Promise<Observed>;
  /** What was declared to be in reach of its processes. */
  readonly paths: readonly string[];
  /** Why no process can be started here at all. */
  unavailable(): string | undefined;
  close(): Promise<void>;
}

export interface Observed {
  readonly outcome: Outcome;
  readonly silent: Promise<boolean>;
}

export interface CallerParts {
  readonly limits: Limits;
  readonly ceiling: Ceiling;
  /** What was declared to be in reach of its processes. */
  readonly paths: readonly string[];
  /** How many processes wait per module. */
  readonly spares: number;
  /** What fetches for the processes, which may have no network. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Why no process can be started here at all. */
  unavailable?(): string | undefined;
  /** What it means when a process ends before it has begun, from what it wrote. */
  whyNotStarted?(words: string): string;
  /** What takes time before a process for a module can be started; why it cannot be. */
  prepare?(url: string): Promise<string | undefined>;
  /** How a process for a module is started. */
  launch(url: string): Launch;
}

const OBSERVED_MS = 30_000;

export function createCaller(parts: CallerParts): Caller {
  const { limits, ceiling, spares: count, launch } = parts;
  const spares = createSpares({ count, maxBytes: limits.maxOutputBytes, launch });
  let closed = false;

  function written({ args, secrets = {}, ...call }: ModuleCall): string {
    const fetches = parts.fetch !== undefined;
    const request = JSON.stringify({ export: call.export, secrets, fetches });
    const json = plainJson(args, true);
    return json === undefined ? request : `${request.slice(0, -1)},"args":${json}}`;
  }

  function runIn(
    child: Child,
    { export: name, signal }: ModuleCall,
    json: string,
    within: Limits,
  ): Promise<Outcome> {
    const { fetch, whyNotStarted = (words) => words } = parts;
    const bounds = { limits: within, ceiling, signal, fetch, whyNotStarted };
    return runCall(child, { name, json }, bounds);
  }

  async function whyNot(url: string): Promise<string | undefined> {
    return parts.unavailable?.() ?? (await parts.prepare?.(url));
  }

  function stayOpen(): void {
    if (closed) throw new GuardError('closed', 'its sandbox is closed; make a new one');
  }

  async function take(url: string): Promise<Child> {
    stayOpen();
    const reason = await whyNot(url);
    if (reason !== undefined) throw new GuardError('sandbox_unavailable', reason);
    stayOpen();
    return spares.take(url);
  }

  return {
    async call(call) {
      const json = written(call);
      const child = await take(call.url);
      try {
        const outcome = await runIn(child, call, json, limits);
        if (closed && (outcome.kind === 'crashed' || outcome.kind === 'unavailable')) {
          throw new GuardError(
            'closed',
            'its sandbox was closed meanwhile; it may have had an effect',
          );
        }
        return outcome;
      } finally {
        // One that never gets ready would compute for nobody, without end. Starting a process blocks
        // this one for a moment: whoever waits for the result goes first.
        if (child.loaded()) setImmediate(() => spares.refill(call.url));
      }
    },
    async observe(call) {
      const json = written(call);
      const reason = await whyNot(call.url);
      if (reason !== undefined) {
        return { outcome: { kind: 'unavailable', reason }, silent: Promise.resolve(true) };
      }
      const child = await take(call.url);
      // It starts from nothing, however quick the tools are that wait already.
      const timeoutMs = Math.max(limits.timeoutMs, OBSERVED_MS);
      const outcome = await runIn(child, call, json, { ...limits, timeoutMs });
      return { outcome, silent: child.silent };
    },
    paths: parts.paths,
    unavailable: () => parts.unavailable?.(),
    async close() {
      closed = true;
      await spares.close();
    },
  };
}
