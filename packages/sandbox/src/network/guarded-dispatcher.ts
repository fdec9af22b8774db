import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';

import { GuardError } from '@guardstile/core';
import { Agent, buildConnector, type Dispatcher } from 'undici';

import { type HostRules, isWithinReach, type Reach } from './host-rules.ts';

/** Every address of a host. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/**
 * A dispatcher of undici that asks the rules at every request, redirects included, and looks at
 * addresses three times: a literal before connecting, all that a name resolves to, and the one that
 * is connected in the end.
 */
export function guardedDispatcher(rules: HostRules, resolve: ResolveHost): Dispatcher {
  const connectors = {
    public: buildConnector({ lookup: lookup('public', resolve) }),
    private: buildConnector({ lookup: lookup('private', resolve) }),
  };
  const connect: buildConnector.connector = (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    const port = options.port === '' ? '' : `:${options.port}`;
    const reach = reachOf(rules, `${options.protocol}//${bracketed(host)}${port}`);
    if (reach instanceof Error) return callback(reach, null);
    if (isIP(host) !== 0 && !isWithinReach(host, reach, host)) {
      return callback(unreachable(host, host), null);
    }
    return connectors[reach](options, (error, socket) => {
      if (error !== null) callback(error, null);
      else checkConnected(socket, host, reach, callback);
    });
  };
  const agent = new Agent({ connect });
  const dispatch = agent.dispatch.bind(agent);
  // Composing it would put a proxy in front of every access, which costs a tenth of a request.
  let allowed = '';
  agent.dispatch = (options, handler) => {
    const origin = String(options.origin);
    // Most requests go where the one before them went.
    if (origin !== allowed) {
      const reach = reachOf(rules, origin);
      if (reach instanceof Error) throw reach;
      allowed = origin;
    }
    return dispatch(options, handler);
  };
  return agent;
}

function checkConnected(
  socket: Socket,
  host: string,
  reach: Reach,
  callback: buildConnector.Callback,
): void {
  const address = socket.remoteAddress ?? '';
  if (isWithinReach(address, reach, host)) return callback(null, socket);
  socket.destroy();
  return callback(unreachable(host, address), null);
}

function lookup(reach: Reach, resolve: ResolveHost): LookupFunction {
  return (host, { all, family }, answer) => {
    addressesOf(host, reach, resolve, family).then(
      ([first, ...others]) =>
        all === true ? answer(null, [first, ...others]) : answer(null, first.address, first.family),
      (error: unknown) => answer(error as NodeJS.ErrnoException, []),
    );
  };
}

async function addressesOf(
  host: string,
  reach: Reach,
  resolve: ResolveHost,
  family: LookupOptions['family'],
): Promise<readonly [LookupAddress, ...LookupAddress[]]> {
  const found = await resolve(host);
  // One bad address among good ones is a rebinding that has not happened yet.
  const bad = found.find((address) => !isWithinReach(address, reach, host));
  if (bad !== undefined) throw unreachable(host, bad);
  const [first, ...others] = found
    .map((address) => ({ address, family: isIP(address) }))
    .filter((one) => family === undefined || family === 0 || one.family === familyOf(family));
  if (first === undefined) throw notFound(host);
  return [first, ...others];
}

function familyOf(family: number | 'IPv4' | 'IPv6'): number {
  return typeof family === 'number' ? family : Number(family.slice(-1));
}

function reachOf(rules: HostRules, origin: string): Reach | GuardError {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  const reach = url === undefined ? undefined : rules.reach(url);
  return reach ?? refused(`${origin} is none of the hosts that may be reached (${rules.wanted})`);
}

function unreachable(host: string, address: string): GuardError {
  const what = host === address ? host : `${host} leads to ${address}, which`;
  return refused(`${what} is no public address; name the host in privateHosts if it is meant`);
}

function refused(what: string): GuardError {
  return new GuardError('sandbox_refused', `networkSandbox: ${what}`);
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' });
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
