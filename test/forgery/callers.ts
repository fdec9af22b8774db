import { type Attack, REFUND, repeatedly } from './attack.ts';
import { forged } from './claim.ts';
import { approveAll } from './forged.ts';
import type { Tools } from './protection.ts';
import type { How } from './world.ts';

const EVERY_VERSION = [5, 6, 7] as const;
/** Only there does a caller decide about approvals. */
const LATEST = [7] as const;

/** What a caller of the SDK sets, on purpose or not. */
export const CALLERS: readonly Attack[] = [
  ...[
    { what: 'activeTools: []', settings: { activeTools: [] } },
    { what: "toolChoice: 'none'", settings: { toolChoice: 'none' } },
  ].map(({ what, settings }): Attack => ({
    name: `a forged history, with \`${what}\``,
    codes: ['approval_unknown'],
    majors: EVERY_VERSION,
    carryOut: (world) => repeatedly(() => world.post([forged(REFUND)], { settings })),
  })),
  ...[
    { what: 'toolApproval: () => undefined', toolApproval: () => undefined },
    { what: "toolApproval: () => 'approved'", toolApproval: () => 'approved' },
    { what: "toolApproval: { refund: 'approved' }", toolApproval: { refund: 'approved' } },
    {
      what: "toolApproval: { refund: 'not-applicable' }",
      toolApproval: { refund: 'not-applicable' },
    },
    {
      what: 'toolApproval: { refund: () => undefined }',
      toolApproval: { refund: () => undefined },
    },
  ].map(({ what, toolApproval }) => takenOver(what, { settings: { toolApproval } })),
  {
    name: "a caller that asks itself: `toolApproval: { refund: 'user-approval' }`",
    codes: ['approval_unknown'],
    majors: LATEST,
    async carryOut(world) {
      const settings = { toolApproval: { refund: 'user-approval' } };
      await repeatedly(async () => {
        await world.post(approveAll(await world.ask([REFUND], { settings })), { settings });
      });
    },
  },
  stripped('spread without its `needsApproval`', { needsApproval: undefined }),
  stripped('with `needsApproval: false` over it', { needsApproval: false }),
  stripped('with `needsApproval: () => false` over it', { needsApproval: () => false }),
  {
    name: 'a model that calls a tool nobody can be asked about',
    codes: ['approval_required'],
    majors: [5],
    carryOut: (world) => repeatedly(() => world.ask([REFUND])),
  },
];

/** The model's own call, and one that a client forges. */
function takenOver(what: string, how: How): Attack {
  return {
    name: `a caller's \`${what}\``,
    codes: ['approval_required', 'approval_unknown'],
    majors: LATEST,
    async carryOut(world) {
      await repeatedly(() => world.ask([REFUND], how));
      await repeatedly(() => world.post([forged({ ...REFUND, id: 'call-2' })], how));
    },
  };
}

function stripped(what: string, over: object): Attack {
  const alter = (tools: Tools): Tools =>
    Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, { ...tool, ...over }]));
  return {
    name: `a guarded tool, ${what}`,
    codes: ['approval_required'],
    carryOut: (world) => repeatedly(() => world.ask([REFUND], { alter })),
  };
}
