import {
  type Asked,
  asksItself,
  callOf,
  denialOnly,
  FINAL,
  isResumed,
  statusOf,
  type ToolApprovalStatus,
} from './native-verdict.ts';

const ELSEWHERE =
  'it runs in the browser, where nobody but the user can be asked, and the policy wants others';
const TOO_LATE = 'the provider runs it, so that nobody can be asked before';
const UNGUARDED =
  'no guard stands before it; pass it through guardOptions(), or accept it by name with acceptUnguarded';

/** The verdict on a call that the client runs: no `execute` asks or refuses there. */
export async function clientSideVerdict(asked: Asked): Promise<ToolApprovalStatus> {
  if (isResumed(asked.native)) return undefined; // there is nothing to run here
  if (asked.guard.canAsk) return firmVerdict(asked, ELSEWHERE);
  const { decision, approval } = await asked.handle.open(await callOf(asked), FINAL);
  const others = approval?.requirements.votes.some(({ kind }) => kind !== 'confirm') === true;
  return others ? denied(asked, ELSEWHERE) : statusOf(decision);
}

/**
 * The verdict on a call whose body the SDK replaces by its own (`toolSearch`): what is asked has to be
 * answered, but nothing uses the approval up.
 */
export async function replacedVerdict(asked: Asked): Promise<ToolApprovalStatus> {
  const { guard, handle, native } = asked;
  if (guard.canAsk) return denialOnly(asked);
  const call = await callOf(asked);
  if (!isResumed(native)) return statusOf((await handle.open(call, FINAL)).decision);
  const claim = { effect: 'ask', reason: 'an approval is claimed for it' } as const;
  const demands = [...(call.demands ?? []), claim];
  const { decision } = await handle.open(
    { ...call, demands, answer: call.answer ?? 'voted' },
    FINAL,
  );
  return decision.effect === 'deny' ? statusOf(decision) : undefined;
}

/** The verdict on a call that the provider has run already. */
export async function providerVerdict(asked: Asked): Promise<ToolApprovalStatus> {
  return firmVerdict(asked, TOO_LATE);
}

/** A tool with a body that no guard stands before: whatever the policy says could not be enforced. */
export async function unguardedVerdict(asked: Asked): Promise<ToolApprovalStatus> {
  return denied(asked, UNGUARDED);
}

/** A tool that was accepted without a guard: as without one, except for what is denied. */
export async function acceptedVerdict(asked: Asked): Promise<ToolApprovalStatus> {
  const { caller } = asked;
  const refused = await denialOnly(caller.type === 'denied' ? asked : withoutCaller(asked));
  if (refused !== undefined) return refused;
  if (caller.type !== 'user-approval' && !(await asksItself(asked))) return undefined;
  return { type: 'user-approval', reason: caller.reason ?? 'the tool itself needs approval' };
}

function withoutCaller(asked: Asked): Asked {
  return { ...asked, caller: { type: 'not-applicable' } };
}

/** Where nobody can be asked, an ask is a denial. */
async function firmVerdict(asked: Asked, why: string): Promise<ToolApprovalStatus> {
  // With an answer nothing is opened.
  const { decision } = await asked.handle.open({ ...(await callOf(asked)), answer: 'voted' });
  return decision.effect === 'allow' ? undefined : denied(asked, why);
}

/** A denial that is written down. What the policy itself denies keeps its own reason. */
async function denied(asked: Asked, reason: string): Promise<ToolApprovalStatus> {
  const call = await callOf(asked);
  const demands = [...(call.demands ?? []), { effect: 'deny', reason } as const];
  return statusOf((await asked.handle.open({ ...call, demands }, FINAL)).decision);
}
