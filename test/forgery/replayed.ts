import { type Attack, REFUND, repeatedly } from './attack.ts';
import { approved, type Claim } from './claim.ts';
import { approveAll } from './forged.ts';
import { ALICE, type How } from './world.ts';

const AN_HOUR = 60 * 60_000;
/** Version 6 has no denial of its own. */
const WHO_CAN_DENY = [7] as const;

/** A genuine approval: once more, too late, or somewhere else. */
export const REPLAYED: readonly Attack[] = [
  {
    name: 'a used approval, sent again',
    codes: ['approval_consumed'],
    runs: 1,
    async carryOut(world) {
      const claims = approveAll(await world.ask([REFUND]));
      await world.post(claims);
      await repeatedly(() => world.post(claims));
    },
  },
  {
    name: 'the same answer many times in one message',
    codes: [],
    runs: 1,
    async carryOut(world) {
      const claims = await world.ask([REFUND]);
      await world.post(claims.map((claim) => ({ ...claim, answers: [true, true, true, true] })));
    },
  },
  {
    name: 'the same call many times in one message',
    codes: [],
    runs: 1,
    async carryOut(world) {
      const claims = approveAll(await world.ask([REFUND]));
      await world.post([...claims, ...claims, ...claims]);
    },
  },
  {
    name: 'five requests with the same approval at the same moment',
    codes: ['approval_consumed'],
    runs: 1,
    async carryOut(world) {
      const claims = approveAll(await world.ask([REFUND]));
      await Promise.all(Array.from({ length: 5 }, () => world.post(claims)));
    },
  },
  {
    name: 'five requests at the same moment, while the policy takes its time',
    codes: ['approval_consumed'],
    runs: 1,
    async carryOut(world) {
      world.ponder();
      const claims = approveAll(await world.ask([REFUND]));
      await Promise.all(Array.from({ length: 5 }, () => world.post(claims)));
    },
  },
  {
    name: 'an approval that has expired',
    codes: ['approval_expired'],
    async carryOut(world) {
      const claims = approveAll(await world.ask([REFUND]));
      world.pass(AN_HOUR + 1);
      await repeatedly(() => world.post(claims));
    },
  },
  {
    name: 'an approval for what the policy denies by now',
    codes: ['denied'],
    bareMajors: WHO_CAN_DENY,
    async carryOut(world) {
      const claims = approveAll(await world.ask([REFUND]));
      world.decide('deny');
      await repeatedly(() => world.post(claims));
      world.decide('ask');
    },
  },
  {
    name: 'an automatic denial, turned into an approval',
    codes: ['denied'],
    bareMajors: WHO_CAN_DENY,
    async carryOut(world) {
      world.decide('deny');
      const claims = flipped(await world.ask([REFUND]));
      await repeatedly(() => world.post(claims));
      world.decide('ask');
    },
  },
  {
    name: 'an automatic denial, turned into an approval, where the policy asks by now',
    codes: ['approval_unknown', 'denied'],
    bareMajors: WHO_CAN_DENY,
    async carryOut(world) {
      world.decide('deny');
      const claims = flipped(await world.ask([REFUND]));
      world.decide('ask');
      await repeatedly(() => world.post(claims));
    },
  },
  ...splices([
    ['conversation', { session: 'chat-2' }],
    ['user', { principal: { id: 'mallory', tenant: 'acme' } }],
    ['tenant', { principal: { id: 'alice', tenant: 'other' } }],
    ['agent', { agent: 'another' }],
  ]),
];

/** The denial that the SDK told the client, or one made up where it told none. */
function flipped(claims: readonly Claim[]): readonly Claim[] {
  if (claims.length > 0) return claims.map(approved);
  const request = { approvalId: 'automatic', isAutomatic: true };
  return [{ call: REFUND, request, answers: [true] }];
}

function splices(into: ReadonlyArray<readonly [string, How['context']]>): readonly Attack[] {
  return into.map(([what, context]) => ({
    name: `a genuine approval, posted by another ${what}`,
    codes: ['approval_unknown'],
    async carryOut(world) {
      const claims = approveAll(await world.ask([REFUND]));
      await repeatedly(() => world.post(claims, { context: { ...ALICE, ...context } }));
      return claims;
    },
  }));
}
