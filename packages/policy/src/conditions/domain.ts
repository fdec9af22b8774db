import type { Place } from '../issues.ts';
import { all, any, type Truth } from '../truth.ts';
import type { Check } from './check.ts';
import { readPatterns } from './patterns.ts';

/** Whom an address reaches, as `[scheme://]host[:port]`. */
interface Address {
  /** `undefined` for a bare host, which says nothing of it. */
  readonly scheme: string | undefined;
  readonly host: string;
  readonly port: string;
}

interface DomainPattern {
  readonly scheme: string | undefined;
  /** Without the `*.` */
  readonly host: string;
  readonly subdomains: boolean;
  readonly port: string | undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * Hosts, read as a URL parser reads them: `example.com` is that host alone, `*.example.com` every
 * host below it. Without a scheme, `http` and `https` are meant, and without a port the usual one;
 * whether another port of the same host is meant is not known.
 */
export function readDomain(value: unknown, place: Place): Check | undefined {
  const read = readPatterns(
    value,
    place,
    'domain',
    patternOf,
    'host; write [scheme://][*.]host[:port]',
  );
  if (read === undefined) return undefined;
  const { texts, patterns: known } = read;
  return {
    wants: `a host of ${texts.join(', ')}`,
    means: { domain: known.map((pattern) => JSON.stringify(pattern)).sort() },
    test: (given) => {
      const address = addressOf(given);
      return address === undefined ? undefined : any(known, (one) => matches(address, one));
    },
  };
}

const PATTERN =
  /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\*\.)?([^/*:@?#\\\s]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i;

function patternOf(text: string): DomainPattern | undefined {
  const [, scheme, star, name = '', port] = PATTERN.exec(text) ?? [];
  const host = hostOf(name);
  if (host === undefined) return undefined;
  return { scheme: scheme?.toLowerCase(), host, subdomains: star !== undefined, port };
}

/** A host as URL parsers write it: lower case, punycode, IP addresses in one form, no last dot. */
export function hostOf(name: string): string | undefined {
  const url = parse(`http://${name}/`);
  if (url === undefined || url.pathname !== '/' || url.port !== '' || url.username !== '') {
    return undefined;
  }
  return withoutDot(url.hostname);
}

function withoutDot(host: string): string | undefined {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return name === '' ? undefined : name;
}

/** Parsers disagree on these, or drop them. */
const DISPUTED = /[\\\s\p{Cc}\p{Cf}]/u;
const BARE_HOST = /^(?:[^/:@?#]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Where a URL or a bare host leads; `undefined` where parsers could disagree. */
function addressOf(given: unknown): Address | undefined {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== 'string' || DISPUTED.test(text)) return undefined;
  const bare = BARE_HOST.test(text);
  const url = parse(bare ? `https://${text}` : text);
  if (url === undefined || url.username !== '' || url.password !== '') return undefined;
  if (!bare && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return undefined;
  const host = withoutDot(url.hostname);
  if (host === undefined) return undefined;
  const scheme = bare ? undefined : url.protocol.slice(0, -1);
  return { scheme, host, port: url.port === '' ? usualPort(scheme) : url.port };
}

function usualPort(scheme = ''): string {
  return Object.hasOwn(DEFAULT_PORTS, scheme) ? (DEFAULT_PORTS[scheme] ?? '') : '';
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function matches(address: Address, pattern: DomainPattern): Truth {
  const { scheme, host, port } = address;
  if (pattern.subdomains ? !host.endsWith(`.${pattern.host}`) : host !== pattern.host) return false;
  return all([matchesScheme(scheme, pattern), matchesPort(port, scheme, pattern)], (one) => one);
}

function matchesScheme(scheme: string | undefined, pattern: DomainPattern): Truth {
  if (pattern.scheme !== undefined)
    return scheme === undefined ? undefined : scheme === pattern.scheme;
  return scheme === undefined || Object.hasOwn(DEFAULT_PORTS, scheme) ? true : undefined;
}

function matchesPort(port: string, scheme: string | undefined, pattern: DomainPattern): Truth {
  if (pattern.port === undefined) return port === usualPort(scheme) ? true : undefined;
  return port === '' ? undefined : port === pattern.port;
}
