import { memoryApprovals } from './approvals/memory.ts';
import type { ApprovalStore } from './approvals/approval.ts';
import type { Approver, AskApprover } from './approvals/approver.ts';
import type { AuditLog } from './audit/log.ts';
import { memoryAudit } from './audit/memory.ts';
import type { Ambient } from './ambient.ts';
import type { CallContext } from './call.ts';
import type { DataFlow } from './data-flow.ts';
import { mergeContext } from './context.ts';
import { drop } from './drop.ts';
import { GuardError } from './errors.ts';
import { createEvents, type Events } from './events.ts';
import type { Fact } from './facts.ts';
import { createHooks, type HookList, type Hooks } from './hooks.ts';
import { type Labels, memoryLabels } from './labels.ts';
import type { Limits } from './limits/limits.ts';
import { memoryLimits } from './limits/memory.ts';
import type { Logger } from './logger.ts';
import { ownOptions } from './own-options.ts';
import { policyOf } from './policy/policy-of.ts';
import type { Policy, PolicyInput } from './policy/policy.ts';
import { createRedactor, type Redactor, type RedactOptions } from './redact.ts';
import { composeSandboxes } from './sandbox/compose.ts';
import { DIMENSIONS, type Guarantees } from './sandbox/guarantees.ts';
import { noSandbox } from './sandbox/no-sandbox.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import { envSecrets, type Secrets } from './secrets.ts';
import { SNAPSHOT_LIMITS, type SnapshotLimits } from './snapshot.ts';
import type { StopSwitch } from './stop-switch.ts';
import type { ToolDetails } from './tool.ts';
import { visible } from './visible.ts';

/** What a guard is made of. Only the policy has no default. */
export interface GuardOptions {
  readonly policy: PolicyInput;
  /** What the developer states of the application's own tools, by name. Those of other sources are stated where they are guarded. */
  readonly facts?: Readonly<Record<string, Fact | readonly Fact[]>>;
  /**
   * The same for whatever else is stated of a tool, such as its time limit. What is stated where the
   * tool is guarded goes first.
   */
  readonly tools?: Readonly<Record<string, ToolDetails>>;
  readonly context?: CallContext;
  /**
   * Carries the context of a request to its calls, and a call to those that its tool makes:
   * `new AsyncLocalStorage<CallContext>()` where the platform has it.
   */
  readonly ambient?: Ambient;
  readonly hooks?: Hooks | readonly Hooks[];
  /** Who can be asked in this process. Absent: asks wait for the framework, or are denied. */
  readonly approver?: Approver | AskApprover | ReadonlyArray<Approver | AskApprover>;
  /** @default memoryApprovals() */
  readonly approvals?: ApprovalStore;
  /**
   * What becomes of an ask that nobody in this process answers, and no framework takes: the call is
   * refused; or the ask stays open in the store and the call ends, to be made again or resumed by the
   * approval's id; or the call waits for votes that come in through the store.
   *
   * @default 'refuse'
   */
  readonly asks?: 'refuse' | 'suspend' | 'wait';
  /** How long a person in this process has, in milliseconds. @default 5 minutes */
  readonly approvalTimeoutMs?: number;
  /** How long an approval may stay unused at most, in milliseconds; an ask may say less. @default 1 hour */
  readonly approvalExpiresMs?: number;
  /** `false` keeps no log at all. @default memoryAudit() */
  readonly audit?: AuditLog | false;
  /** @default noSandbox() */
  readonly sandbox?: Sandbox | readonly Sandbox[];
  /**
   * Dimensions in which less than policy or tool require is good enough here, such as `memory` where
   * nothing can guarantee it. Each use is in the log.
   *
   * @default none
   */
  readonly allowWeaker?: ReadonlyArray<keyof Guarantees>;
  /** @default envSecrets() */
  readonly secrets?: Secrets;
  /** @default memoryLimits() */
  readonly limits?: Limits;
  /** @default memoryLabels() */
  readonly labels?: Labels;
  /** Knows where values came from, for policies that ask. */
  readonly dataFlow?: DataFlow;
  readonly stopSwitch?: StopSwitch;
  /** What to hide beside what is hidden anyway. */
  readonly redact?: RedactOptions;
  readonly logger?: Logger;
  /** How long a tool's body may run, in milliseconds. @default no limit */
  readonly timeoutMs?: number;
  /** How long a policy may take to answer, in milliseconds. @default 5000 */
  readonly policyTimeoutMs?: number;
  /** How long the audit log and the stores may take, in milliseconds. @default 10_000 */
  readonly storeTimeoutMs?: number;
  readonly argumentLimits?: Partial<SnapshotLimits>;
  /** Accepts tool names outside ASCII. @default false */
  readonly unicodeNames?: boolean;
}

/** The same, with everything in its place. */
export interface Parts {
  readonly policy: Policy;
  readonly facts: Readonly<Record<string, Fact | readonly Fact[]>>;
  readonly tools: Readonly<Record<string, ToolDetails>>;
  readonly context: CallContext;
  readonly ambient: Ambient | undefined;
  readonly hooks: HookList;
  readonly events: Events;
  readonly approvers: readonly Approver[];
  readonly approvals: ApprovalStore;
  readonly asks: 'refuse' | 'suspend' | 'wait';
  readonly approvalTimeoutMs: number;
  readonly approvalExpiresMs: number;
  readonly audit: AuditLog | undefined;
  readonly sandbox: Sandbox;
  readonly allowWeaker: ReadonlyArray<keyof Guarantees>;
  readonly secrets: Secrets;
  readonly limits: Limits;
  readonly labels: Labels;
  readonly dataFlow: DataFlow | undefined;
  readonly stopSwitch: StopSwitch | undefined;
  readonly redactor: Redactor;
  readonly logger: Logger | undefined;
  readonly timeoutMs: number | undefined;
  readonly policyTimeoutMs: number;
  readonly storeTimeoutMs: number;
  readonly argumentLimits: SnapshotLimits;
  readonly unicodeNames: boolean;
  /** Work that goes on behind calls that are over; {@link Parts.closed} waits for it. */
  readonly trailing: Set<PromiseLike<unknown>>;
  closed: boolean;
}

const KNOWN = [
  'policy',
  'facts',
  'tools',
  'context',
  'ambient',
  'hooks',
  'approver',
  'approvals',
  'asks',
  'approvalTimeoutMs',
  'approvalExpiresMs',
  'audit',
  'sandbox',
  'allowWeaker',
  'secrets',
  'limits',
  'labels',
  'dataFlow',
  'stopSwitch',
  'redact',
  'logger',
  'timeoutMs',
  'policyTimeoutMs',
  'storeTimeoutMs',
  'argumentLimits',
  'unicodeNames',
] as const satisfies ReadonlyArray<keyof GuardOptions>;

const TIMES = [
  'approvalTimeoutMs',
  'approvalExpiresMs',
  'timeoutMs',
  'policyTimeoutMs',
  'storeTimeoutMs',
] as const satisfies ReadonlyArray<keyof GuardOptions>;

/**
 * @throws {GuardError} `policy_missing`, `policy_invalid` or `options_invalid`.
 */
export function partsOf(given: GuardOptions): Parts {
  const options = ownOptions('createGuard', given, KNOWN, 'options_invalid');
  for (const key of TIMES) checkPositive(key, options[key]);
  const policy = policyOf(options.policy);
  if (policy.layer !== 'grants') {
    throw new GuardError(
      'policy_invalid',
      'the policy only restricts, so that nothing could ever run; add a granting layer with layers()',
    );
  }
  const { audit = memoryAudit({ redact: options.redact ?? {} }), sandbox = noSandbox() } = options;
  const { approvals = memoryApprovals(), asks = 'refuse' } = options;
  checkAsks(asks, approvals);
  const redactor = createRedactor(options.redact);
  const logger = options.logger === undefined ? undefined : safeLogger(options.logger, redactor);
  const events = createEvents(logger);
  const hooks = createHooks(events);
  for (const one of listOf<Hooks>(options.hooks)) hooks.add(one);
  return {
    policy,
    facts: options.facts ?? {},
    tools: options.tools ?? {},
    context: mergeContext({}, options.context ?? {}),
    ambient: options.ambient,
    hooks,
    events,
    approvers: listOf<Approver | AskApprover>(options.approver).map(approverOf),
    approvals,
    asks,
    approvalTimeoutMs: options.approvalTimeoutMs ?? 5 * 60_000,
    approvalExpiresMs: options.approvalExpiresMs ?? 60 * 60_000,
    audit: audit === false ? undefined : audit,
    sandbox: composeSandboxes(listOf<Sandbox>(sandbox)),
    allowWeaker: allowWeakerOf(options.allowWeaker),
    secrets: options.secrets ?? envSecrets(),
    limits: options.limits ?? memoryLimits(),
    labels: options.labels ?? memoryLabels(),
    dataFlow: options.dataFlow,
    stopSwitch: options.stopSwitch,
    redactor,
    logger,
    timeoutMs: options.timeoutMs,
    policyTimeoutMs: options.policyTimeoutMs ?? 5000,
    storeTimeoutMs: options.storeTimeoutMs ?? 10_000,
    argumentLimits: argumentLimitsOf(options.argumentLimits),
    unicodeNames: options.unicodeNames ?? false,
    trailing: new Set(),
    closed: false,
  };
}

function allowWeakerOf(given: unknown): ReadonlyArray<keyof Guarantees> {
  if (given === undefined) return [];
  if (Array.isArray(given) && given.every((one) => DIMENSIONS.includes(one as keyof Guarantees))) {
    return Object.freeze(Array.from(given as ReadonlyArray<keyof Guarantees>)); // looked at
  }
  throw invalid(`allowWeaker has to be a list of dimensions (${DIMENSIONS.join(', ')})`);
}

function checkAsks(asks: unknown, { name, subscribe }: ApprovalStore): void {
  if (!['refuse', 'suspend', 'wait'].includes(asks as string)) {
    throw invalid("asks has to be 'refuse', 'suspend' or 'wait'");
  }
  if (asks === 'wait' && subscribe === undefined) {
    throw invalid(
      `asks: 'wait' needs a store that says when something changed, and "${name}" does not; use 'suspend'`,
    );
  }
}

function checkPositive(option: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return;
  throw invalid(`${option} has to be a number above 0 (times are in milliseconds)`);
}

function argumentLimitsOf(given: Partial<SnapshotLimits> = {}): SnapshotLimits {
  const limits = {
    ...SNAPSHOT_LIMITS,
    ...ownOptions('argumentLimits', given, ['depth', 'size'], 'options_invalid'),
  };
  checkPositive('argumentLimits.depth', limits.depth);
  checkPositive('argumentLimits.size', limits.size);
  return limits;
}

function listOf<T extends object>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** What it is told can be printed anywhere; that it fails is no reason to fail a call. */
function safeLogger(logger: Logger, redactor: Redactor): Logger {
  const level =
    (name: keyof Logger): Logger[typeof name] =>
    (message, fields) => {
      try {
        drop(
          logger[name](visible(redactor.text(message)), ...(fields === undefined ? [] : [fields])),
        );
      } catch {
        // There is nowhere left to tell it.
      }
    };
  return { info: level('info'), warn: level('warn') };
}

/** A function answers for the requester. */
function approverOf(given: Approver | AskApprover): Approver {
  if (typeof given === 'function') return { name: 'callback', ask: given };
  if (typeof given === 'object' && given !== null && typeof given.ask === 'function') return given;
  throw invalid('an approver is a function or an object with ask()');
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `createGuard: ${what}`);
}
