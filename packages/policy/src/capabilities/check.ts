import type { Capability, ToolCall, ToolFacts, ToolInfo } from '@guardstile/core';

import type { Check } from '../conditions/check.ts';
import type { Stance } from '../stance.ts';
import { findResources } from './resources.ts';

/** Which capabilities there are, and within what. */
export interface CapabilityGrant {
  readonly granted: ReadonlySet<Capability>;
  /** `undefined` where any path may be used. */
  readonly paths: Check | undefined;
  /** `undefined` where any host may be reached. */
  readonly domains: Check | undefined;
  readonly maxFileSize: number;
}

const FILES: readonly Capability[] = ['readFile', 'writeFile'];

function outside(reason: string): Verdict {
  return { effect: 'deny', explicit: false, reason };
}

type Verdict = NonNullable<Stance>;

/** What the capabilities say of a tool: the same for every call, or a function of the call. */
export function aboutTool(
  grant: CapabilityGrant,
  tool: ToolInfo,
): Verdict | ((call: ToolCall) => Verdict) {
  const { capabilities } = tool.facts;
  const missing = capabilities.filter((capability) => !grant.granted.has(capability));
  if (missing.length > 0) {
    return outside(`it needs the capability ${missing.join(', ')}, which is not granted`);
  }
  const more = riskBeyond(tool.facts);
  if (more !== undefined) return outside(more);
  if (capabilities.length === 0) {
    return outside('nobody knows which capabilities it needs; state them as facts');
  }
  // Whoever makes a remote tool chooses its name: only what somebody states of it grants.
  if (tool.identity.source !== 'app' && tool.facts.effect === 'unknown') {
    return outside('only its name says which capabilities it needs; state them as facts');
  }
  const limited = needsLook(grant, capabilities);
  const within: Verdict = {
    effect: 'allow',
    reason: `within its capabilities (${capabilities.join(', ')})`,
  };
  return limited ? (call) => outsideResources(grant, capabilities, call) ?? within : within;
}

const EXPLAINS: Readonly<Record<'edit' | 'destructive', readonly Capability[]>> = {
  edit: ['writeFile', 'executeCode', 'databaseWrite', 'sendEmail'],
  destructive: ['executeCode', 'databaseWrite', 'sendEmail'],
};

/** A risk that no capability of the tool accounts for. */
function riskBeyond({ effect, money, why, capabilities }: ToolFacts): string | undefined {
  if (money) return 'it moves money, which no capability covers';
  if (effect !== 'edit' && effect !== 'destructive') return undefined;
  if (capabilities.some((capability) => EXPLAINS[effect].includes(capability))) return undefined;
  return `it does more than its capabilities say (${effect}: ${why})`;
}

function needsLook(grant: CapabilityGrant, capabilities: readonly Capability[]): boolean {
  const files = capabilities.some((capability) => FILES.includes(capability));
  return (
    (files && grant.paths !== undefined) ||
    capabilities.includes('writeFile') ||
    (capabilities.includes('network') && grant.domains !== undefined)
  );
}

function outsideResources(
  { paths, domains, maxFileSize }: CapabilityGrant,
  capabilities: readonly Capability[],
  call: ToolCall,
): Stance {
  const found = findResources(call.confined);
  if (!found.complete)
    return outside('its arguments are too large or too deep to be looked through');
  if (capabilities.includes('writeFile') && found.size > maxFileSize) {
    return outside(`it writes ${found.size} bytes, and ${maxFileSize} are allowed`);
  }
  const files = capabilities.some((capability) => FILES.includes(capability));
  const network = capabilities.includes('network');
  return (
    (files && paths !== undefined ? outsideOf('path', found.paths, paths) : undefined) ??
    (network && domains !== undefined ? outsideOf('URL', found.urls, domains) : undefined)
  );
}

function outsideOf(what: string, found: readonly unknown[], allowed: Check): Stance {
  if (found.length === 0) {
    return outside(`no ${what} is found in its arguments, and only some are allowed`);
  }
  const wrong = found.some((one) => allowed.test(one) !== true);
  return wrong ? outside(`a ${what} in its arguments is not among the allowed ones`) : undefined;
}

/** The same without a tool. */
export function aboutCapability(
  grant: CapabilityGrant | undefined,
  name: string,
  resource?: string,
): Verdict {
  if (grant === undefined) return outside('the policy has no capabilities');
  const granted: ReadonlySet<string> = grant.granted;
  if (!granted.has(name)) return outside(`the capability ${JSON.stringify(name)} is not granted`);
  const within = FILES.includes(name as Capability)
    ? grant.paths
    : name === 'network'
      ? grant.domains
      : undefined;
  if (within === undefined) return { effect: 'allow', reason: `${name} is granted` };
  if (resource === undefined)
    return outside(`${name} is granted for some resources only: say which`);
  return within.test(resource) === true
    ? { effect: 'allow', reason: `${name} is granted for this resource` }
    : outside(`${name} is not granted for this resource`);
}
