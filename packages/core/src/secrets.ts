import type { CallContext } from './call.ts';
import type { MaybePromise } from './steps.ts';

/** Where the secrets of tools come from. Only the body of a tool ever receives their values. */
export interface Secrets {
  readonly name: string;
  get(name: string, context: CallContext): MaybePromise<string | undefined>;
}

/** Secrets that can be added while the process runs. */
export interface StaticSecrets extends Secrets {
  /** Keeps a value for as long as the process lives. */
  store(name: string, value: string): void;
}

/** Secrets from a record, for tests and for values fetched once at start. */
export function staticSecrets(initial: Readonly<Record<string, string>> = {}): StaticSecrets {
  const values = new Map(Object.entries(initial));
  return {
    name: 'static',
    get: (name) => values.get(name),
    store(name, value) {
      values.set(name, value);
    },
  };
}

/** Secrets from environment variables of the same name, read when they are needed. */
export function envSecrets(environment?: Readonly<Record<string, string | undefined>>): Secrets {
  return {
    name: 'env',
    get(name) {
      const all = environment ?? processEnvironment();
      return Object.hasOwn(all, name) ? all[name] : undefined;
    },
  };
}

function processEnvironment(): Readonly<Record<string, string | undefined>> {
  const runtime = globalThis as {
    process?: { env?: Readonly<Record<string, string | undefined>> };
  };
  return runtime.process?.env ?? {};
}
