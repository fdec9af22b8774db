import { isIP } from 'node:net';

import { GuardError, isGuardError } from '@guardstile/core';
import { capabilities } from '@guardstile/policy';

import { isMetadataAddress, isPublicAddress } from './public-address.ts';

/** Which addresses a host may have: any of the internet, or private ones too. */
export type Reach = 'public' | 'private';

/** Which hosts may be reached. */
export interface HostRules {
  /** `undefined` for a URL that may not be requested. */
  reach(url: URL): Reach | undefined;
  /** Which hosts these are, for messages. */
  readonly wanted: string;
}

/** Both lists as policies read `domain`: `[scheme://][*.]host[:port]`, `http` and `https` on their usual ports otherwise. */
export function hostRules(
  domains: readonly string[] | undefined,
  privateHosts: readonly string[],
): HostRules {
  const isPrivate = matcher('privateHosts', privateHosts);
  const isAllowed = domains === undefined ? isUsual : matcher('domains', domains);
  return {
    wanted: domains === undefined ? 'http and https on their usual ports' : domains.join(', '),
    reach(url) {
      if (url.username !== '' || url.password !== '') return undefined;
      if (isPrivate(url)) return 'private';
      return isAllowed(url) ? 'public' : undefined;
    },
  };
}

/** Whether an address is one that the host may have. */
export function isWithinReach(address: string, reach: Reach, host: string): boolean {
  if (reach === 'public') return isPublicAddress(address);
  // Who names a metadata address means it; a name that leads there was not meant to.
  return isIP(host) !== 0 || !isMetadataAddress(address);
}

function matcher(option: string, patterns: readonly string[]): (url: URL) => boolean {
  if (patterns.length === 0) return () => false;
  try {
    const policy = capabilities({ grant: ['network'], domains: patterns });
    return (url) => policy.checkCapability('network', url.href).effect === 'allow';
  } catch (cause) {
    if (!isGuardError(cause)) throw cause;
    throw new GuardError('options_invalid', `networkSandbox: ${option}: ${cause.message}`, {
      cause,
    });
  }
}

function isUsual({ protocol, port }: URL): boolean {
  return port === '' && (protocol === 'http:' || protocol === 'https:');
}
