import { type Fact, type Guard, GuardError, ownOptions } from '@guardstile/core';

import { definitionPins, type DefinitionPins } from './definition-pins.ts';
import { fieldOf } from './field-of.ts';
import { mcpCall } from './mcp-call.ts';
import { type Method, methodOf } from './mcp-listing.ts';
import { mcpSource } from './mcp-source.ts';
import { mcpTools } from './mcp-tools.ts';

export interface GuardMcpClientOptions {
  /** The name of the server: your own word for it, since what it calls itself proves nothing. */
  readonly source: string;
  /** What the developer states of its tools, by name. What is stated for the guard does not apply. */
  readonly facts?: Readonly<Record<string, Fact | readonly Fact[]>>;
  /** Whether its annotations (hints) are believed; otherwise they can only add risk. @default false */
  readonly trusted?: boolean;
  /** Names of the secrets that a tool's `execute` receives as `options.secrets`, by tool. */
  readonly toolSecrets?: Readonly<Record<string, readonly string[]>>;
  /**
   * What was accepted of its tools; make it once where clients come and go.
   *
   * @default what this client lists first
   */
  readonly pins?: DefinitionPins;
}

/**
 * The same MCP client behind a guard: `tools()` and `toolsFromDefinitions()` give guarded tools,
 * `callTool()` passes through the guard too, and a tool that is not as it was accepted is denied,
 * its definition kept from the model. Everything else (resources, prompts, elicitation, `close`)
 * passes through unguarded. For clients of `@ai-sdk/mcp` and of the protocol's own SDK.
 *
 * @example
 * const github = guardMcpClient(await createMCPClient({ transport }), guard, { source: 'github' });
 * const tools = { ...withGuard(local, guard), ...(await github.tools()) };
 *
 * @throws {GuardError} `options_invalid`.
 */
export function guardMcpClient<C extends object>(
  client: C,
  guard: Guard,
  options: GuardMcpClientOptions,
): C {
  const { facts = {}, trusted = false, toolSecrets = {}, pins } = checked(client, options);
  const source = mcpSource(guard, {
    source: options.source,
    facts,
    trusted,
    toolSecrets,
    pins: pins ?? ownPins(client),
    listedOnly: pins !== undefined,
  });
  const guarded: Readonly<Record<string, Method>> = {
    ...mcpTools(client, guard, source),
    callTool: mcpCall(client, guard, source),
    request: requestOf(client, 'request'),
    requestStream: requestOf(client, 'requestStream'),
  };
  return facade(client, guarded);
}

const pinsOf = new WeakMap<object, DefinitionPins>();

/** A client that is guarded again, for another request, is still the one that was seen before. */
function ownPins(client: object): DefinitionPins {
  let pins = pinsOf.get(client);
  if (pins === undefined) pinsOf.set(client, (pins = definitionPins({ firstUse: 'accept' })));
  return pins;
}

/** Behind the client's back, requests of any kind can be sent: all but calls of tools. */
function requestOf(client: object, name: string): Method {
  return (...given) => {
    const [first] = given;
    const method = fieldOf(first, 'method') ?? fieldOf(fieldOf(first, 'request'), 'method');
    if (method !== 'tools/call') return methodOf(client, name)?.(...given);
    throw new GuardError(
      'options_invalid',
      `${name}: a call of a tool would pass by the guard; use callTool()`,
    );
  };
}

/** The client as it is, its own `this` for its own methods, except for what is guarded. */
function facade<C extends object>(client: C, guarded: Readonly<Record<string, Method>>): C {
  const bound = new WeakMap<object, Method>();

  function bind(method: Method): Method {
    let known = bound.get(method);
    if (known === undefined) {
      bound.set(method, (known = (...given) => Reflect.apply(method, client, given)));
    }
    return known;
  }

  // Not a proxy of the client itself, which may be frozen and would have to show its own members.
  const prototype: unknown = Object.getPrototypeOf(client);
  return new Proxy(Object.create(prototype as object | null) as C, {
    get(_, key) {
      const value: unknown = Reflect.get(client, key);
      if (typeof value !== 'function' || key === 'constructor') return value;
      return typeof key === 'string' && Object.hasOwn(guarded, key)
        ? guarded[key]
        : bind(value as Method);
    },
    set: (_, key, value) => Reflect.set(client, key, value),
    has: (_, key) => Reflect.has(client, key),
  });
}

const KNOWN = ['source', 'facts', 'trusted', 'toolSecrets', 'pins'] as const;

function checked(client: object, options: GuardMcpClientOptions): GuardMcpClientOptions {
  if (typeof client !== 'object' || client === null || methodOf(client, 'close') === undefined) {
    throw invalid('it is not an MCP client');
  }
  const own = ownOptions('guardMcpClient', options, KNOWN, 'options_invalid');
  if (typeof own.source !== 'string' || own.source === '' || own.source === 'app') {
    throw invalid("it needs a source, the name of the server, that is not 'app'");
  }
  return own;
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `guardMcpClient: ${what}`);
}
