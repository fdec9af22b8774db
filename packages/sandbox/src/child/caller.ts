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
  /** How many processes wait per module. */
  readonly spares: number;
  /** What fetches for the processes, which may have no network. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Why no process can be started here at all. */
  unavailable?(): string | undefined;
  /** What it means when a process ends before it has begun, from what it wrote. */
  whyNotStarted?(words: string): string;
  /** How a process for a module is started. */
  launch(url: string): Launch;
}

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
  ): Promise<Outcome> {
    const { fetch, whyNotStarted = (words) => words } = parts;
    return runCall(child, { name, json }, { limits, ceiling, signal, fetch, whyNotStarted });
  }

  function take(url: string): Child {
    if (closed) throw new GuardError('closed', 'its sandbox is closed; make a new one');
    const reason = parts.unavailable?.();
    if (reason !== undefined) throw new GuardError('sandbox_unavailable', reason);
    return spares.take(url);
  }

  return {
    async call(call) {
      const json = written(call);
      const child = take(call.url);
      try {
        const outcome = await runIn(child, call, json);
        if (closed && (outcome.kind === 'crashed' || outcome.kind === 'unavailable')) {
          throw new GuardError(
            'closed',
            'its sandbox was closed meanwhile; it may have had an effect',
          );
        }
        return outcome;
      } finally {
        // Starting a process blocks this one for a moment: whoever waits for the result goes first.
        setImmediate(() => spares.refill(call.url));
      }
    },
    async observe(call) {
      const json = written(call);
      const child = take(call.url);
      return { outcome: await runIn(child, call, json), silent: child.silent };
    },
    unavailable: () => parts.unavailable?.(),
    async close() {
      closed = true;
      await spares.close();
    },
  };
}
