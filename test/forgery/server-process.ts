import { withGuard } from '@guardstile/ai-sdk';
import { sqliteApprovals } from '@guardstile/approvals';
import { type ApprovalStore, createGuard, memoryApprovals, memoryAudit } from '@guardstile/core';
import type { ScriptedCall } from '../conformance/adapter/harness.ts';
import { stepsOf } from '../conformance/ai-sdk/scripted-model.ts';
import { faces } from '../transparency/face.ts';
import { REFUND } from './attack.ts';
import type { Claim } from './claim.ts';
import { connect } from './remote.ts';
import { RUNS } from './run.ts';
import { ALICE, toolsThat } from './world.ts';

/** What a server says of itself. */
export interface Report {
  readonly bodies: number;
  /** Codes of its refusals, in order. */
  readonly codes: readonly string[];
  readonly reasons: readonly string[];
  readonly whole: boolean;
}

// A server of its own in a process of its own; its store is its own, a file, or in the process that
// started it: server-process.ts own | shared | file PATH

const call = connect(process, { ask, post, report });

const remote = (method: string) =>
  ((...args: readonly unknown[]) => call(method, ...args)) as never; // the store's own method
const store: ApprovalStore = {
  name: 'of another process',
  create: remote('create'),
  get: remote('get'),
  find: remote('find'),
  vote: remote('vote'),
  edit: remote('edit'),
  consume: remote('consume'),
  cancel: remote('cancel'),
  list: remote('list'),
};

function storeOf([kind, path = '']: readonly string[]): ApprovalStore {
  if (kind === 'shared') return store;
  return kind === 'file'
    ? sqliteApprovals(path, { key: new Uint8Array(32).fill(7) })
    : memoryApprovals();
}

let bodies = 0;
const audit = memoryAudit();
const guard = createGuard({
  policy: () => 'ask',
  approvals: storeOf(process.argv.slice(2)),
  audit,
  context: ALICE,
});
const tools = withGuard(
  toolsThat(() => (bodies += 1)),
  guard,
);

function ask(major: number, id: string): Promise<readonly Claim[]> {
  return request(major, [{ ...REFUND, id }], []);
}

async function post(major: number, claims: readonly Claim[]): Promise<void> {
  await request(major, [], claims);
}

async function request(
  major: number,
  calls: readonly ScriptedCall[],
  claims: readonly Claim[],
): Promise<readonly Claim[]> {
  const sdk = faces[major === 6 ? 'ai 6' : 'ai 7'];
  const model = sdk.modelOf(stepsOf([calls]));
  const settings = {};
  const [run] = RUNS;
  const given = { model, tools, settings, claims, before: 0, mangle: <T>(same: T) => same };
  return run === undefined ? [] : (await run.start(sdk, given)).asked;
}

async function report(): Promise<Report> {
  const denials = await audit.query({ action: 'tool.deny' });
  return {
    bodies,
    codes: denials.map(({ code = '' }) => code),
    reasons: denials.map(({ reason = '' }) => reason),
    whole: (await audit.verify()).ok,
  };
}
