import { type AuditDraft, type AuditReceipt, GuardError } from '@guardstile/core';

import type { OpenLog } from './open-log.ts';

/** What one session, or one tenant, may fill the log with, as this process counts since it opened it. */
export interface Cap {
  /** @default Infinity */
  readonly bytes?: number;
  /** @default Infinity */
  readonly denials?: number;
}

/** Caps: exceeding one stops that session or tenant, not the log. */
export interface Caps {
  readonly session?: Cap;
  readonly tenant?: Cap;
}

/** What is counted together. */
interface Scope {
  readonly name: 'session' | 'tenant';
  readonly cap: Cap;
  /** Absent where a draft belongs to none. */
  keyOf(draft: AuditDraft): string | undefined;
  readonly used: Map<string, Used>;
}

interface Used {
  bytes: number;
  denials: number;
  stopped: boolean;
}

/** So many sessions are counted; beyond that the ones that came first begin anew. */
const COUNTED = 100_000;

/** Appends to the log, until a cap is exceeded: then it says so once, and refuses. */
export function capped(log: OpenLog, caps: Caps): (draft: AuditDraft) => Promise<AuditReceipt> {
  const scopes = scopesOf(caps);
  if (scopes.length === 0) return log.append;

  return async (draft) => {
    // What was allowed ends as it ends: that has to be in the log.
    const ending = draft.attempt !== undefined && log.open.has(draft.attempt);
    for (const scope of ending ? [] : scopes) {
      const key = scope.keyOf(draft);
      if (key !== undefined) await count(log, scope, key, draft);
    }
    return log.append(draft);
  };
}

async function count(log: OpenLog, scope: Scope, key: string, draft: AuditDraft): Promise<void> {
  const { name, cap } = scope;
  const used = usedBy(scope, key);
  if (used.stopped) throw stopped(name);
  const { bytes = Infinity, denials = Infinity } = cap;
  used.bytes += JSON.stringify(draft).length;
  used.denials += draft.action === 'tool.deny' ? 1 : 0;
  if (used.bytes <= bytes && used.denials <= denials) return;
  used.stopped = true;
  const who = ['user', 'tenant', ...(name === 'session' ? ['session'] : [])];
  const own = Object.fromEntries(
    Object.entries(draft).filter(([field]) => who.includes(field)),
  ) as Partial<AuditDraft>; // fields of a draft
  await log.append({
    ...own,
    kind: 'decision',
    action: `${name}.stopped`,
    actor: 'guard',
    code: 'limit_exceeded',
    reason: `more than ${used.bytes > bytes ? `${bytes} bytes of log` : `${denials} denials`}`,
  });
  throw stopped(name);
}

function usedBy({ used }: Scope, key: string): Used {
  const found = used.get(key);
  if (found !== undefined) return found;
  const [oldest] = used.keys();
  if (used.size >= COUNTED && oldest !== undefined) used.delete(oldest);
  const fresh = { bytes: 0, denials: 0, stopped: false };
  used.set(key, fresh);
  return fresh;
}

function scopesOf({ session, tenant }: Caps): readonly Scope[] {
  const scopes: Scope[] = [];
  if (session !== undefined) {
    scopes.push({
      name: 'session',
      cap: session,
      used: new Map(),
      keyOf: (draft) =>
        draft.session === undefined
          ? undefined
          : JSON.stringify([draft.tenant, draft.user, draft.session]),
    });
  }
  if (tenant !== undefined) {
    scopes.push({ name: 'tenant', cap: tenant, used: new Map(), keyOf: ({ tenant: of }) => of });
  }
  return scopes;
}

function stopped(name: Scope['name']): GuardError {
  return new GuardError(
    'limit_exceeded',
    `this ${name} has filled as much of the audit log as it may; look at what it did, and begin another one`,
  );
}
