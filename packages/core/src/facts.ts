import { GuardError } from './errors.ts';
import { inferFromName } from './name-facts.ts';
import { ownFields } from './own-fields.ts';

/** What a tool's code can reach. */
export type Capability =
  | 'readFile'
  | 'writeFile'
  | 'executeCode'
  | 'network'
  | 'databaseRead'
  | 'databaseWrite'
  | 'sendEmail';

/**
 * What a developer states of a tool. `readOnly`, `nonDestructive` (adds, never overwrites or
 * deletes), `edit` (changes files) and `destructive` say what a call does; `money` and every
 * capability but `network` imply it.
 */
export type Fact = 'readOnly' | 'nonDestructive' | 'edit' | 'destructive' | 'money' | Capability;

/** What one call of the tool may do at worst. `unknown` counts as destructive. */
export type ToolEffect = 'readOnly' | 'nonDestructive' | 'edit' | 'destructive' | 'unknown';

/** Hints of an MCP server (tool annotations of the Model Context Protocol). */
export interface ToolAnnotations {
  readonly readOnlyHint?: boolean | undefined;
  readonly destructiveHint?: boolean | undefined;
  readonly idempotentHint?: boolean | undefined;
  readonly openWorldHint?: boolean | undefined;
}

/** What policies know of a tool besides its name. */
export interface ToolFacts {
  readonly effect: ToolEffect;
  readonly money: boolean;
  readonly capabilities: readonly Capability[];
  /** Why the effect is what it is; for an unknown tool, which fact is missing. */
  readonly why: string;
}

const EFFECT_OF: Readonly<Record<Fact, ToolEffect | undefined>> = {
  readOnly: 'readOnly',
  nonDestructive: 'nonDestructive',
  edit: 'edit',
  destructive: 'destructive',
  money: 'destructive',
  readFile: 'readOnly',
  writeFile: 'edit',
  executeCode: 'destructive',
  network: undefined,
  databaseRead: 'readOnly',
  databaseWrite: 'destructive',
  sendEmail: 'destructive',
};

const RISK: readonly ToolEffect[] = ['readOnly', 'nonDestructive', 'edit', 'destructive'];
const CAPABILITIES: ReadonlySet<string> = new Set<Capability>([
  'readFile',
  'writeFile',
  'executeCode',
  'network',
  'databaseRead',
  'databaseWrite',
  'sendEmail',
]);

/** Where a tool's facts come from, in order of trust. */
export interface FactSources {
  readonly stated?: Fact | readonly Fact[] | undefined;
  readonly annotations?: ToolAnnotations | undefined;
  /** Whether the developer trusts the source of the annotations. @default false */
  readonly trusted?: boolean | undefined;
}

/**
 * The facts of a tool: the developer's word; else the annotations of a trusted source; else
 * unknown. A name and an untrusted annotation can only add risk, and to the effect only where the
 * developer has said nothing of it (`docs/decisions/2026-11-21-developer-facts-outrank-names.md`).
 *
 * @throws {GuardError} `facts_invalid` for a word that is not a {@link Fact}.
 */
export function factsOf(name: string, sources: FactSources): ToolFacts {
  const stated = listOf(name, sources.stated);
  const inferred = inferFromName(name);
  const capabilities = union(stated, inferred);
  const own = worst(stated);
  const money = (own === undefined ? [...stated, ...inferred] : stated).includes('money');
  if (own !== undefined)
    return { effect: own, money, capabilities, why: 'stated by the developer' };

  const hinted = hintedEffect(sources);
  const risk = worst(inferred.filter((fact) => EFFECT_OF[fact] !== 'readOnly'));
  if (risk === 'destructive') {
    return { effect: risk, money, capabilities, why: `its name suggests ${inferred.join(', ')}` };
  }
  if (hinted === undefined) return { effect: 'unknown', money, capabilities, why: missing(name) };
  const effect = risk === undefined ? hinted : (worstOf([hinted, risk]) ?? hinted);
  return { effect, money, capabilities, why: 'annotated by its source' };
}

function missing(name: string): string {
  return `nothing states what it does: state it with facts: { ${JSON.stringify(name)}: 'readOnly' | 'nonDestructive' | 'edit' | 'destructive' }`;
}

function hintedEffect({ annotations, trusted }: FactSources): ToolEffect | undefined {
  if (annotations === undefined) return undefined;
  const { readOnlyHint, destructiveHint } = ownFields(annotations);
  if (destructiveHint === true) return 'destructive';
  if (trusted !== true) return undefined;
  if (readOnlyHint === true) return 'readOnly';
  // The protocol's own default for a tool that writes is destructive.
  return destructiveHint === false ? 'nonDestructive' : 'destructive';
}

function listOf(name: string, stated: FactSources['stated']): readonly Fact[] {
  const list =
    stated === undefined
      ? []
      : Array.isArray(stated)
        ? (stated as readonly Fact[])
        : [stated as Fact];
  for (const fact of list) {
    if (typeof fact === 'string' && Object.hasOwn(EFFECT_OF, fact)) continue;
    throw new GuardError(
      'facts_invalid',
      `"${String(fact)}" is not a fact; use ${Object.keys(EFFECT_OF).join(', ')}`,
      { tool: name },
    );
  }
  return list;
}

function union(...lists: ReadonlyArray<readonly Fact[]>): readonly Capability[] {
  const all = lists.flat().filter((fact): fact is Capability => CAPABILITIES.has(fact));
  return Object.freeze([...new Set(all)]);
}

function worst(facts: readonly Fact[]): ToolEffect | undefined {
  return worstOf(facts.map((fact) => EFFECT_OF[fact]));
}

function worstOf(effects: ReadonlyArray<ToolEffect | undefined>): ToolEffect | undefined {
  const highest = Math.max(...effects.map((e) => (e === undefined ? -1 : RISK.indexOf(e))), -1);
  return RISK[highest];
}
