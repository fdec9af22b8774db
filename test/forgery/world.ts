import {
  type ApprovalStore,
  type AuditEntry,
  type AuditLog,
  type CallContext,
  createGuard,
  type Effect,
  type Guard,
  memoryApprovals,
  memoryAudit,
} from '@guardstile/core';
import * as z from 'zod';
import type { ScriptedCall } from '../conformance/adapter/harness.ts';
import { stepsOf } from '../conformance/ai-sdk/scripted-model.ts';
import type { Face } from '../transparency/face.ts';
import type { Claim, Wire } from './claim.ts';
import type { Protection, Tools } from './protection.ts';
import type { Run } from './run.ts';

/** Where an attack takes place. */
export interface Stage {
  readonly sdk: Face;
  readonly run: Run;
  readonly protection: Protection;
  /** Whether the SDK signs its approvals with a secret of its own. */
  readonly secret: boolean;
}

export const ALICE: CallContext = {
  principal: { id: 'alice', tenant: 'acme' },
  session: 'chat-1',
  agent: 'support',
};

/** How a request differs from an ordinary one. */
export interface How {
  /** Which of the servers takes it. @default the first one */
  readonly server?: Guard;
  /** On whose behalf. @default Alice in her chat */
  readonly context?: CallContext;
  /** What the server passes to the SDK beside what protects it, and in place of it. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The tools there are by now, before anything protects them. */
  readonly offered?: Tools;
  /** What the server makes of the protected tools. */
  readonly alter?: (tools: Tools) => Tools;
  /** How many characters of conversation come before. */
  readonly before?: number;
  /** What the client does to the messages of the model; not to those of the user interface. */
  readonly mangle?: (messages: Wire) => Wire;
}

/** What has happened so far. */
export interface Trail {
  /** What the bodies of tools were started with. */
  readonly bodies: readonly unknown[];
  /** Errors that ended a whole run. */
  readonly deaths: readonly unknown[];
  /** Last words of the runs that resumed something. */
  readonly endings: readonly string[];
  readonly logs: readonly AuditLog[];
  /** What the last request was asked in return. */
  readonly open: () => readonly Claim[];
  /** Ids of the calls that a model made. */
  readonly made: ReadonlySet<string>;
  entries(): Promise<readonly AuditEntry[]>;
}

/** Servers, their clock, their policy, and a client that may say what it likes. */
export interface World {
  readonly stage: Stage;
  readonly trail: Trail;
  /** Has the model make the calls. What the SDK asks about them, as the client gets it. */
  ask(calls: readonly ScriptedCall[], how?: How): Promise<readonly Claim[]>;
  /** Posts a conversation that makes the claims. */
  post(claims: readonly Claim[], how?: How): Promise<void>;
  /** What the policy says from now on. */
  decide(verdict: Effect): void;
  /** Has the policy take its time from now on. */
  ponder(): void;
  /** Lets time pass. */
  pass(ms: number): void;
  /** The tools of the application, as they are or with another schema. */
  tools(inputSchema?: object): Tools;
  /** One more server of the same application, with an approval store of its own or the same one. */
  server(approvals: 'own' | 'shared', approver?: 'approve'): Guard;
}

/** What the servers of a world are made of. */
export interface Setting {
  /** One more connection to the approvals that servers share. @default all have one in memory */
  readonly connect?: (clock: () => number) => ApprovalStore;
  /** Whether whatever is posted is taken by a server that was started for it. @default false */
  readonly restarts?: boolean;
}

const SECRET = 'a secret of at least 32 characters';

export function createWorld(
  stage: Stage,
  { connect = oneInMemory(), restarts = false }: Setting = {},
): World {
  const { sdk, run, protection, secret } = stage;
  const bodies: unknown[] = [];
  const deaths: unknown[] = [];
  const endings: string[] = [];
  const logs: AuditLog[] = [];
  const made = new Set<string>();
  let open: readonly Claim[] = [];
  let verdict: Effect = 'ask';
  let pondering = false;
  let now = Date.now();
  const clock = () => now;
  const tools = (inputSchema?: object) => toolsThat((args) => bodies.push(args), inputSchema);
  const ordinary = tools();

  function server(approvals: 'own' | 'shared', approver?: 'approve'): Guard {
    const audit = memoryAudit();
    logs.push(audit);
    const store = approvals === 'shared' ? connect(clock) : memoryApprovals({ clock });
    return createGuard({
      policy: () => (pondering ? Promise.resolve(verdict) : verdict),
      approvals: store,
      audit,
      ...(approver === undefined ? {} : { approver: () => approver }),
    });
  }

  const first = server('shared');

  async function request(calls: readonly ScriptedCall[], claims: readonly Claim[], how: How) {
    const { context = ALICE, offered = ordinary, alter = same } = how;
    const guard = how.server ?? (restarts && claims.length > 0 ? server('shared') : first);
    const given = protection.protect(offered, guard.with(context), verdict);
    try {
      const { asked, text } = await run.start(sdk, {
        model: sdk.modelOf(stepsOf([calls])),
        tools: alter(given.tools),
        settings: {
          ...(secret ? { experimental_toolApprovalSecret: SECRET } : {}),
          ...given.settings,
          ...how.settings,
        },
        claims,
        before: how.before ?? 0,
        mangle: how.mangle ?? same,
      });
      if (claims.length > 0) endings.push(text);
      open = asked;
    } catch (error) {
      deaths.push(error);
      open = [];
    }
    return open;
  }

  return {
    stage,
    trail: {
      bodies,
      deaths,
      endings,
      logs,
      open: () => open,
      made,
      entries: async () => (await Promise.all(logs.map(async (log) => log.query()))).flat(),
    },
    ask(calls, how = {}) {
      for (const { id } of calls) made.add(id);
      return request(calls, [], how);
    },
    post: async (claims, how = {}) => {
      // What a client posts has been through JSON.
      await request([], JSON.parse(JSON.stringify(claims)) as readonly Claim[], how);
    },
    decide(next) {
      verdict = next;
    },
    ponder() {
      pondering = true;
    },
    pass(ms) {
      now += ms;
    },
    tools,
    server,
  };
}

const same = <T>(value: T): T => value;

function oneInMemory(): (clock: () => number) => ApprovalStore {
  let shared: ApprovalStore | undefined;
  return (clock) => (shared ??= memoryApprovals({ clock }));
}

/** The tools of the application: their bodies do nothing but be noticed. */
export function toolsThat(
  notice: (args: unknown) => void,
  inputSchema: object = z.object({ amount: z.number() }),
): Tools {
  const execute = async (args: unknown) => {
    notice(args);
    return 'paid';
  };
  return {
    refund: { description: 'Gives money back', inputSchema, execute },
    payout: { description: 'Pays somebody', inputSchema, execute },
  };
}
