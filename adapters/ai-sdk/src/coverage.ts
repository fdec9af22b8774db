import { GuardError } from '@guardstile/core';

import { isObject } from './field-of.ts';
import { type Coverage, type ToolCoverage, toolCoverage } from './tool-coverage.ts';

/** Something beside the tools that can go past a guard. */
export interface CoverageWarning {
  readonly about: 'prepareCall' | 'prepareStep' | 'providerOptions';
  readonly cannot: string;
  readonly todo: string;
}

/** What a guard can and cannot do for a set of tools or an agent. */
export interface CoverageReport {
  readonly tools: readonly ToolCoverage[];
  readonly warnings: readonly CoverageWarning[];
  /** Whether a guard stands before everything that was looked at. */
  readonly complete: boolean;
}

interface Settings {
  readonly tools?: unknown;
  readonly prepareCall?: unknown;
  readonly prepareStep?: unknown;
  readonly providerOptions?: unknown;
}

/**
 * What a guard sees of these tools and what not: of a set of tools, of the settings of an agent or
 * of a call (`{ model, tools, prepareCall, providerOptions, … }`), or of an agent itself.
 *
 * @example
 * console.log(coverageTable(coverageOf(tools)));
 *
 * @throws {GuardError} `options_invalid` for what is none of these.
 */
export function coverageOf(toolsOrSettings: object): CoverageReport {
  if (!isObject(toolsOrSettings)) {
    throw new GuardError(
      'options_invalid',
      'coverageOf: pass a set of tools, the settings of an agent, or the agent',
    );
  }
  const settings = settingsOf(toolsOrSettings);
  if (settings === undefined) return coverageOfTools(toolsOrSettings, []);
  return coverageOfTools(settings.tools, warningsOf(settings));
}

/** The same for what is known to be a set of tools. */
export function coverageOfTools(
  tools: unknown,
  warnings: readonly CoverageWarning[],
): CoverageReport {
  const rows = toolsOf(tools);
  const complete = warnings.length === 0 && rows.every(({ coverage }) => !isOutside(coverage));
  return { tools: rows, warnings, complete };
}

/** Whether calls of the tool start without a guard. */
export function isOutside(coverage: Coverage): boolean {
  return coverage !== 'guarded' && coverage !== 'replaced';
}

function toolsOf(tools: unknown): readonly ToolCoverage[] {
  if (!isObject(tools)) return [];
  return Object.keys(tools).map((name) => toolCoverage(name, memberOf(tools, name)));
}

function memberOf(object: object, name: string): unknown {
  try {
    return Reflect.get(object, name);
  } catch {
    return undefined;
  }
}

/** An agent keeps what it was made of in a field that is private to TypeScript alone. */
function settingsOf(value: object): Settings | undefined {
  const own = memberOf(value, 'settings');
  if (isObject(own) && hasSettings(own)) return own;
  return hasSettings(value) ? value : undefined;
}

/** Settings have tools (or a model); a set of tools has tools as its members. */
function hasSettings(value: object): boolean {
  const tools = memberOf(value, 'tools');
  if (isObject(tools)) return !isTool(tools);
  return isModel(memberOf(value, 'model'));
}

function isTool(value: object): boolean {
  if (typeof memberOf(value, 'execute') === 'function') return true;
  const schema = memberOf(value, 'inputSchema');
  // A set may have a tool of the name "inputSchema".
  return schema !== undefined && !(isObject(schema) && isTool(schema));
}

function isModel(value: unknown): boolean {
  return typeof value === 'string' || (isObject(value) && 'specificationVersion' in value);
}

function warningsOf(settings: Settings): readonly CoverageWarning[] {
  return [
    ...(typeof settings.prepareCall === 'function' ? [PREPARE_CALL] : []),
    ...(typeof settings.prepareStep === 'function' ? [PREPARE_STEP] : []),
    ...providerServers(settings.providerOptions),
  ];
}

const PREPARE_CALL: CoverageWarning = {
  about: 'prepareCall',
  cannot: 'see which tools and which toolApproval it returns: they replace the ones above',
  todo: 'pass the tools that it returns through withGuard()',
};

const PREPARE_STEP: CoverageWarning = {
  about: 'prepareStep',
  cannot: 'see which model it returns: one without the middleware offers provider tools again',
  todo: 'wrap the models that it returns with providerToolMiddleware(guard)',
};

function providerServers(providerOptions: unknown): readonly CoverageWarning[] {
  if (!isObject(providerOptions)) return [];
  return Object.keys(providerOptions).flatMap((provider) => {
    const options = memberOf(providerOptions, provider);
    const servers = isObject(options) ? memberOf(options, 'mcpServers') : undefined;
    if (servers === undefined) return [];
    return [
      {
        about: 'providerOptions',
        cannot: `see the tools of ${provider}.mcpServers (${namesOf(servers)}): the provider calls them`,
        todo: 'wrapLanguageModel({ model, middleware: providerToolMiddleware(guard) })',
      },
    ];
  });
}

function namesOf(servers: unknown): string {
  if (!Array.isArray(servers)) return 'unreadable';
  return servers
    .map((server: unknown) => (isObject(server) ? String(memberOf(server, 'name')) : 'unreadable'))
    .join(', ');
}
