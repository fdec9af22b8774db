import { lookup } from 'node:dns/promises';

import { GuardError, isGuardError, ownOptions, type Sandbox } from '@guardstile/core';
import type { Dispatcher } from 'undici';

import {
  type ArgumentKind,
  confineArguments,
  refusedArgument,
} from '../arguments/confine-arguments.ts';
import { type DeclaredFields, readDeclared } from '../arguments/declared-fields.ts';
import { onlyArguments } from '../only-arguments.ts';
import { confineUrl } from './confine-url.ts';
import { guardedDispatcher, type ResolveHost } from './guarded-dispatcher.ts';
import { type HostRules, hostRules } from './host-rules.ts';

export interface NetworkSandboxOptions {
  /**
   * Hosts that may be reached, as policies write them: `api.example.com`, `*.example.com`,
   * `https://example.com:8443`. `[]` permits none. @default every host of the internet, on the usual ports
   */
  readonly domains?: readonly string[];
  /** Hosts that may be reached although their addresses are private, written the same way. @default none */
  readonly privateHosts?: readonly string[];
  /** Which fields hold URLs or hosts: a list for every tool, or by tool; `false` says that a field holds none. */
  readonly urlArgs?: DeclaredFields<true>;
  /** Whether URLs are looked for in the other fields too. Only ever refuses more. @default true */
  readonly autoDetect?: boolean;
  /** Every address of a host. @default the system's resolver */
  readonly resolve?: ResolveHost;
}

/** A sandbox with what tools of one's own reach the network by. */
export interface NetworkSandbox extends Sandbox {
  /** For clients that take a dispatcher of undici. */
  readonly dispatcher: Dispatcher;
  /** `fetch` within the same bounds; rejects with `sandbox_refused` outside of them. */
  readonly fetch: typeof globalThis.fetch;
}

const KNOWN = [
  'domains',
  'privateHosts',
  'urlArgs',
  'autoDetect',
  'resolve',
] as const satisfies ReadonlyArray<keyof NetworkSandboxOptions>;

/**
 * Confines URLs and hosts in arguments, and offers a `fetch` that cannot be led to private addresses,
 * by redirects and changing names neither. What is sent to an allowed host has left.
 *
 * @example
 * const sandbox = networkSandbox({ domains: ['api.example.com'] });
 * const page = await sandbox.fetch('https://api.example.com/orders');
 *
 * @throws {GuardError} `options_invalid`.
 */
export function networkSandbox(options: NetworkSandboxOptions = {}): NetworkSandbox {
  const own = ownOptions('networkSandbox', options, KNOWN, 'options_invalid');
  const { domains, privateHosts = [], autoDetect = true, resolve = resolveBySystem } = own;
  for (const [name, list] of Object.entries({ domains: domains ?? [], privateHosts })) {
    checkTexts(name, list);
  }
  const rules = hostRules(domains, privateHosts);
  const usesOf = readDeclared<true>('urlArgs', own.urlArgs, [true]);
  const kind = kindOf(rules);
  const dispatcher = guardedDispatcher(rules, resolve);
  return {
    ...onlyArguments('network', { network: 'args' }),
    dispatcher,
    fetch: guardedFetch(dispatcher),
    confine: (call) => confineArguments(call, kind, usesOf(call.tool.name), autoDetect),
    // What nobody reads to its end would be waited for in vain.
    close: () => dispatcher.destroy(),
  };
}

const WORDS: ReadonlySet<string> = new Set(
  'url urls uri uris href link links host hosts hostname domain endpoint site'.split(' '),
);

/** A whole text that a client would take for a URL; some need no slashes. */
const LOOKS_LIKE_URL = /^\s*(?!file:)(?:[a-z][a-z0-9+.-]*:[\\/]{2}|(?:https?|wss?|ftp):)\S*\s*$/i;

/** Relative to an address of the tool's own. `//host` is not, and neither with a tab in between, which parsers drop. */
const RELATIVE = /^(?:[/?#](?![\\/])\P{Cc}*)?$/u;

function kindOf(rules: HostRules): ArgumentKind<true> {
  return {
    words: WORDS,
    looksLike: (text) => LOOKS_LIKE_URL.test(text),
    confine(value, found) {
      if (typeof value !== 'string' && !(value instanceof URL)) {
        throw refusedArgument('a URL has to be text');
      }
      if (found === 'named' && typeof value === 'string' && RELATIVE.test(value)) return value;
      return confineUrl(value, rules);
    },
  };
}

function guardedFetch(dispatcher: Dispatcher): typeof globalThis.fetch {
  return async (input, init) => {
    try {
      // The types of Node's own copy of undici are other ones.
      return await globalThis.fetch(input, { ...init, dispatcher } as unknown as RequestInit);
    } catch (error) {
      throw refusalIn(error) ?? error;
    }
  };
}

/** `fetch` says of everything that it failed, and why in the cause. */
function refusalIn(error: unknown): GuardError | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return isGuardError(cause) ? cause : undefined;
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

function checkTexts(name: string, list: unknown): void {
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return;
  throw new GuardError('options_invalid', `networkSandbox: ${name} has to be a list of hosts`);
}
