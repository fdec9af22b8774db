import type { AuditEntry } from '@guardstile/core';
import { type Attack, REFUND } from './attack.ts';
import { approved, type Claim } from './claim.ts';
import { LAST_WORDS } from '../conformance/ai-sdk/scripted-model.ts';
import { createWorld, type Setting, type Stage, type World } from './world.ts';

/** What came of an attack, and of an honest call after it. */
export interface Effect {
  /** Bodies that the attack started. */
  readonly runs: number;
  /** Bodies that an honest approval started afterwards. */
  readonly honest: number;
  /** Whether a person is asked in the end. */
  readonly asked: boolean;
  /** How the guard refused. */
  readonly codes: readonly string[];
  readonly reasons: readonly string[];
  /** Names of the errors that ended a whole run. */
  readonly deaths: readonly string[];
  /** What else must not be. */
  readonly flaws: readonly string[];
}

/** Carries the attack out, and then has a person approve an ordinary call. */
export async function carryOut(
  attack: Attack,
  stage: Stage,
  setting: Setting = {},
): Promise<Effect> {
  const world = createWorld(stage, setting);
  const good = await attack.carryOut(world);
  const { trail } = world;
  const runs = trail.bodies.length;
  const denials = (await trail.entries()).filter(({ action }) => action === 'tool.deny');
  const deaths = trail.deaths.map(nameOf);
  const asked = trail.open().length > 0;
  await honestly(world, good ?? undefined);
  return {
    runs,
    honest: trail.bodies.length - runs,
    asked,
    codes: [...new Set(denials.map(({ code = '' }) => code))].sort(),
    reasons: [...new Set(denials.map(({ reason = '' }) => reason))],
    deaths: [...new Set(deaths)].sort(),
    flaws: [...(await flawsOf(world)), ...unfinished(trail.endings)],
  };
}

/** A person approves what the server asks. On 5 nobody but this process can be asked. */
async function honestly(world: World, good: readonly Claim[] | undefined): Promise<void> {
  const call = { ...REFUND, id: 'call-honest' };
  if (world.stage.sdk.major === 5) {
    await world.ask([call], { server: world.server('own', 'approve') });
    return;
  }
  await world.post(good ?? (await world.ask([call])).map(approved));
}

/** The log has to be whole, and every allow in it to have the approval that it needed, for itself. */
async function flawsOf({ trail }: World): Promise<readonly string[]> {
  const entries = await trail.entries();
  const allows = entries.filter(({ action }) => action === 'tool.allow');
  const has = (action: string, aid: AuditEntry['aid']) =>
    entries.some((entry) => entry.action === action && entry.aid === aid);
  const flaws = allows.flatMap(({ aid, call = '' }) => {
    if (aid === undefined) return [`${call} was allowed without an approval`];
    if (!has('tool.ask', aid)) return [`${call} was allowed by an approval that nobody asked for`];
    return has('approval.approve', aid) ? [] : [`${call} was allowed by an open approval`];
  });
  for (const { action, call = '' } of entries) {
    if (action === 'tool.ask' && !trail.made.has(call))
      flaws.push(`a person was asked about ${call}, which no model called`);
  }
  if (new Set(allows.map(({ aid }) => aid)).size < allows.length)
    flaws.push('an approval was used twice');
  for (const log of trail.logs) {
    if (!(await log.verify()).ok) flaws.push('a log does not verify');
  }
  if (allows.length > 0 && allows.length !== trail.bodies.length)
    flaws.push(`${allows.length} calls were allowed, and ${trail.bodies.length} bodies ran`);
  return flaws;
}

/** A run that a guard refuses something in goes on to its end. */
function unfinished(endings: readonly string[]): readonly string[] {
  const cut = endings.filter((text) => text !== LAST_WORDS);
  return cut.length === 0 ? [] : [`runs ended with ${JSON.stringify(cut)}`];
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
