import { fieldOf, isObject } from './field-of.ts';
import type { ProviderIdentity, ProviderVerdict } from './provider-verdict.ts';

/** The part of a model call that says what the provider may run. */
export interface ModelParams {
  readonly tools?: unknown;
  readonly toolChoice?: unknown;
  readonly providerOptions?: unknown;
}

/** What a model call offered to its provider. */
export interface Offer {
  /** Tools that the provider may run, by name. */
  readonly tools: ReadonlyMap<string, ProviderIdentity>;
  /** Why others were withheld, by name. */
  readonly withheld: ReadonlyMap<string, string>;
  /** Whether the provider may call MCP servers, whose tools have names that nobody here knows. */
  readonly servers: boolean;
}

/** What to do with one thing that would be offered. */
export type OfferVerdict = (identity: ProviderIdentity, args: unknown) => Promise<ProviderVerdict>;

interface Draft {
  readonly tools: Map<string, ProviderIdentity>;
  readonly withheld: Map<string, string>;
  servers: boolean;
}

/** The same parameters without what is withheld; the very same object where nothing is. */
export async function offer<P extends object>(
  params: P,
  verdictOf: OfferVerdict,
): Promise<{ readonly params: P; readonly offer: Offer }> {
  const draft: Draft = { tools: new Map(), withheld: new Map(), servers: false };
  const given: ModelParams = params;
  const tools = await offerTools(given.tools, verdictOf, draft);
  const providerOptions = await offerServers(given.providerOptions, verdictOf, draft);
  const changes = {
    ...(tools === given.tools ? {} : changedTools(given, tools, draft)),
    ...(providerOptions === given.providerOptions ? {} : { providerOptions }),
  };
  const same = Object.keys(changes).length === 0;
  return { params: same ? params : { ...params, ...changes }, offer: draft };
}

/** A choice that can no longer be met would be refused by the provider. */
function changedTools({ toolChoice }: ModelParams, tools: unknown, { withheld }: Draft): object {
  if (!Array.isArray(tools) || tools.length === 0) {
    return { tools: undefined, toolChoice: undefined };
  }
  const chosen = fieldOf(toolChoice, 'toolName');
  return typeof chosen === 'string' && withheld.has(chosen)
    ? { tools, toolChoice: { type: 'auto' } }
    : { tools };
}

async function offerTools(tools: unknown, verdictOf: OfferVerdict, draft: Draft): Promise<unknown> {
  if (!Array.isArray(tools)) return tools;
  const kept: unknown[] = [];
  for (const tool of tools as readonly unknown[])
    kept.push(...(await offerTool(tool, verdictOf, draft)));
  const same = kept.length === tools.length && kept.every((tool, index) => tool === tools[index]);
  return same ? tools : kept;
}

async function offerTool(
  tool: unknown,
  verdictOf: OfferVerdict,
  draft: Draft,
): Promise<readonly unknown[]> {
  const type = fieldOf(tool, 'type');
  // Everything that is not a plain function tool may be run by the provider.
  if (type === 'function') return [tool];
  const identity = { name: String(fieldOf(tool, 'name')), id: String(fieldOf(tool, 'id')) };
  const args = fieldOf(tool, 'args');
  const verdict = await verdictOf(identity, args);
  switch (verdict.effect) {
    case 'here':
      return [tool];
    case 'allow':
      draft.tools.set(identity.name, identity);
      draft.servers ||= isMcp(identity);
      return [tool];
    case 'ask':
      if (!asksItself(identity)) {
        draft.withheld.set(identity.name, verdict.reason);
        return [];
      }
      draft.tools.set(identity.name, identity);
      draft.servers = true;
      return [{ ...(tool as object), args: { ...(args as object), requireApproval: 'always' } }];
    case 'deny':
      draft.withheld.set(identity.name, verdict.reason);
      return [];
  }
}

function isMcp({ id }: ProviderIdentity): boolean {
  return id.endsWith('.mcp');
}

/** MCP tools of OpenAI, on Azure too, ask before each call when they are told to. */
function asksItself({ id }: ProviderIdentity): boolean {
  return id === 'openai.mcp' || id === 'azure.mcp' || id === 'azure-openai.mcp';
}

/** Drops MCP servers that the provider may not call: `providerOptions.anthropic.mcpServers`. */
async function offerServers(
  providerOptions: unknown,
  verdictOf: OfferVerdict,
  draft: Draft,
): Promise<unknown> {
  if (!isObject(providerOptions)) return providerOptions;
  const changed: Record<string, unknown> = {};
  for (const provider of Object.keys(providerOptions)) {
    const options = fieldOf(providerOptions, provider);
    const servers = fieldOf(options, 'mcpServers');
    if (!isObject(options) || servers === undefined || servers === null) continue;
    const kept = await offerEach(provider, servers, verdictOf, draft);
    if (Array.isArray(servers) && kept.length === servers.length) continue;
    const { mcpServers: _dropped, ...rest } = options as { readonly mcpServers?: unknown };
    changed[provider] = kept.length === 0 ? rest : { ...rest, mcpServers: kept };
  }
  return Object.keys(changed).length === 0 ? providerOptions : { ...providerOptions, ...changed };
}

/** What is no list of servers is dropped as a whole. */
async function offerEach(
  provider: string,
  servers: unknown,
  verdictOf: OfferVerdict,
  draft: Draft,
): Promise<readonly unknown[]> {
  const kept: unknown[] = [];
  if (!Array.isArray(servers)) return kept;
  for (const server of servers as readonly unknown[]) {
    const name = String(fieldOf(server, 'name'));
    const verdict = await verdictOf({ name, id: `${provider}.mcpServers` }, server);
    if ('reason' in verdict) draft.withheld.set(name, verdict.reason);
    else kept.push(server);
  }
  draft.servers ||= kept.length > 0;
  return kept;
}
