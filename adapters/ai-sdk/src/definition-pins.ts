import { GuardError, ownOptions } from '@guardstile/core';

import { fieldOf } from './field-of.ts';
import {
  changedParts,
  type DefinitionPin,
  type PinnedPart,
  pinOf,
  type ToolDefinition,
} from './tool-definition.ts';

/** What was accepted, per server. Plain JSON data, sorted, to be kept where it is reviewed. */
export interface PinnedDefinitions {
  readonly v: 1;
  readonly sources: ReadonlyArray<{
    readonly source: string;
    readonly tools: readonly DefinitionPin[];
  }>;
}

/**
 * How a listed tool differs from what was accepted:
 * - `new`: nobody has accepted it
 * - `changed`: it is not what was accepted
 * - `ambiguous`: it is listed twice
 * - `unreadable`: its definition is too large, or no plain data
 * - `missing`: it was accepted and is not listed any more
 */
export interface DefinitionFinding {
  readonly source: string;
  readonly tool: string;
  readonly kind: 'new' | 'changed' | 'ambiguous' | 'unreadable' | 'missing';
  /** What of it changed. */
  readonly changed: readonly PinnedPart[];
  /** What would be accepted. */
  readonly seen?: DefinitionPin;
}

export interface DefinitionPinsOptions {
  /** What {@link DefinitionPins.data} gave earlier. @default nothing was accepted yet */
  readonly stored?: unknown;
  /** What becomes of all tools of a server of which nothing is stored. @default 'refuse' */
  readonly firstUse?: 'accept' | 'refuse';
  /** Told whenever something was accepted: store it. */
  readonly onChange?: (pins: PinnedDefinitions) => void;
}

/** What was accepted of the tools of MCP servers, and how what they list now differs. */
export interface DefinitionPins {
  /** What has to be looked at, over all servers. */
  findings(): readonly DefinitionFinding[];
  /**
   * Accepts what a finding says: pins what is new or changed, forgets what is missing.
   *
   * @throws {GuardError} `options_invalid` when the server lists something else by now, or what
   * it lists cannot be accepted.
   */
  accept(finding: DefinitionFinding): void;
  data(): PinnedDefinitions;
  /** What is wrong with a tool; `undefined` also for one that was never listed. */
  finding(source: string, tool: string): DefinitionFinding | undefined;
  /** Whether the tool was ever listed. */
  listed(source: string, tool: string): boolean;
  /** Takes in what a server lists; `complete` says that it lists nothing else. */
  observe(
    source: string,
    definitions: readonly ToolDefinition[],
    complete: boolean,
  ): readonly DefinitionFinding[];
}

interface Source {
  readonly pins: Map<string, DefinitionPin>;
  readonly findings: Map<string, DefinitionFinding>;
  readonly listed: Set<string>;
}

/**
 * Pins over the definitions of MCP tools, against servers that change a tool after it was reviewed.
 *
 * @example
 * const pins = definitionPins({ stored, firstUse: 'accept', onChange: (data) => save(data) });
 * const github = guardMcpClient(client, guard, { source: 'github', pins });
 *
 * @throws {GuardError} `options_invalid`, for stored data that is not understood too.
 */
export function definitionPins(options: DefinitionPinsOptions = {}): DefinitionPins {
  const {
    stored,
    firstUse = 'refuse',
    onChange,
  } = ownOptions('definitionPins', options, ['stored', 'firstUse', 'onChange'], 'options_invalid');
  if (firstUse !== 'accept' && firstUse !== 'refuse') {
    throw invalid("firstUse has to be 'accept' or 'refuse'");
  }
  const sources = new Map<string, Source>();
  for (const { source, tools } of readStored(stored)) {
    sources.set(source, sourceOf(tools));
  }

  function accept(finding: DefinitionFinding): void {
    const { source: name, tool, seen, kind } = finding;
    const source = sources.get(name);
    const now = source?.findings.get(tool);
    if (source === undefined || now === undefined || !sameFinding(now, finding)) {
      throw invalid(
        `${tool} of ${name} is not what was found any more; read findings() again and accept what they say now`,
      );
    }
    if (kind !== 'missing' && seen === undefined) {
      throw invalid(`${tool} of ${name} is ${kind}, which cannot be accepted`);
    }
    settle(source, finding);
    onChange?.(data());
  }

  function data(): PinnedDefinitions {
    const all = [...sources].filter(([, { pins }]) => pins.size > 0);
    return {
      v: 1,
      sources: all
        .map(([source, { pins }]) => ({ source, tools: [...pins.values()].toSorted(by('name')) }))
        .toSorted(by('source')),
    };
  }

  return {
    accept,
    data,
    findings: () => [...sources.values()].flatMap(({ findings }) => [...findings.values()]),
    finding(source, tool) {
      const found = sources.get(source)?.findings.get(tool);
      return found?.kind === 'missing' ? undefined : found;
    },
    listed: (source, tool) => sources.get(source)?.listed.has(tool) === true,
    observe(name, definitions, complete) {
      let source = sources.get(name);
      if (source === undefined) sources.set(name, (source = sourceOf([])));
      const accepts = firstUse === 'accept' && isFirst(source);
      const found = compare(name, source, definitions);
      if (complete) found.push(...missing(name, source, definitions));
      for (const finding of found) source.findings.set(finding.tool, finding);
      const accepted = accepts ? found.filter(({ kind }) => kind === 'new') : [];
      for (const finding of accepted) settle(source, finding);
      if (accepted.length > 0) onChange?.(data());
      return found.filter((finding) => !accepted.includes(finding));
    },
  };
}

function sourceOf(pins: readonly DefinitionPin[]): Source {
  return {
    pins: new Map(pins.map((pin) => [pin.name, pin])),
    findings: new Map(),
    listed: new Set(),
  };
}

/** Whether nothing was ever stored or seen of it. */
function isFirst({ pins, listed }: Source): boolean {
  return pins.size === 0 && listed.size === 0;
}

function settle({ pins, findings }: Source, { tool, seen }: DefinitionFinding): void {
  if (seen === undefined) pins.delete(tool);
  else pins.set(tool, seen);
  findings.delete(tool);
}

/** What is found anew; what is as accepted is no finding any more. */
function compare(
  name: string,
  source: Source,
  definitions: readonly ToolDefinition[],
): DefinitionFinding[] {
  const byName = new Map<string, ToolDefinition[]>();
  for (const definition of definitions) {
    const same = byName.get(definition.name);
    if (same === undefined) byName.set(definition.name, [definition]);
    else same.push(definition);
  }
  const found: DefinitionFinding[] = [];
  for (const [tool, same] of byName) {
    source.listed.add(tool);
    source.findings.delete(tool);
    const difference = differenceOf(source.pins.get(tool), same);
    if (difference !== undefined) found.push({ source: name, tool, ...difference });
  }
  return found;
}

function differenceOf(
  pin: DefinitionPin | undefined,
  [definition, ...others]: readonly ToolDefinition[],
): Omit<DefinitionFinding, 'source' | 'tool'> | undefined {
  if (definition === undefined || others.length > 0) return { kind: 'ambiguous', changed: [] };
  const seen = pinOf(definition);
  if (seen === undefined) return { kind: 'unreadable', changed: [] };
  if (pin === undefined) return { kind: 'new', changed: [], seen };
  const changed = changedParts(pin, seen);
  return changed.length === 0 ? undefined : { kind: 'changed', changed, seen };
}

function missing(
  name: string,
  { pins }: Source,
  definitions: readonly ToolDefinition[],
): readonly DefinitionFinding[] {
  const listed = new Set(definitions.map((definition) => definition.name));
  return [...pins.keys()]
    .filter((tool) => !listed.has(tool))
    .map((tool) => ({ source: name, tool, kind: 'missing' as const, changed: [] }));
}

/** A person accepts what was shown, and not what came after it. */
function sameFinding(a: DefinitionFinding, b: DefinitionFinding): boolean {
  if (a.kind !== b.kind) return false;
  if (a.seen === undefined || b.seen === undefined) return a.seen === b.seen;
  return changedParts(a.seen, b.seen).length === 0;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

function readStored(stored: unknown): PinnedDefinitions['sources'] {
  if (stored === undefined || stored === null) return [];
  const sources = fieldOf(stored, 'sources');
  if (fieldOf(stored, 'v') !== 1 || !Array.isArray(sources) || !sources.every(isSource)) {
    throw invalid('stored is not what data() gave; restore it, or leave it out and accept anew');
  }
  return sources;
}

function isSource(value: unknown): value is PinnedDefinitions['sources'][number] {
  const tools = fieldOf(value, 'tools');
  return typeof fieldOf(value, 'source') === 'string' && Array.isArray(tools) && tools.every(isPin);
}

function isPin(value: unknown): value is DefinitionPin {
  const digests = ['description', 'schema', 'annotations'].map((part) => fieldOf(value, part));
  return (
    typeof fieldOf(value, 'name') === 'string' &&
    digests.every((found) => typeof found === 'string' && DIGEST.test(found))
  );
}

/** By code units, so that the same pins are the same text everywhere. */
function by<K extends string>(key: K): (a: Record<K, string>, b: Record<K, string>) => number {
  return (a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0);
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `definitionPins: ${what}`);
}
