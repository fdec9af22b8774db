import type { AuditEntry, OutcomeStatus } from '@guardstile/core';

/** Application Activity, API Activity; https://schema.ocsf.io/classes/api_activity */
const CATEGORY = 6;
const CLASS = 6003;
const OTHER_ACTIVITY = 99;

const SUCCESS = 1;
const FAILURE = 2;
const UNKNOWN = 0;

const INFORMATIONAL = 1;
const MEDIUM = 3;

const FAILED: readonly OutcomeStatus[] = ['error', 'timeout', 'withheld', 'not-started'];

/** Fields that have a place of their own in OCSF. */
const MAPPED: readonly string[] = [
  'v',
  'log',
  'seq',
  'ts',
  'prev',
  'hash',
  'mac',
  'action',
  'actor',
  'rid',
  'call',
  'user',
  'tenant',
  'session',
  'agent',
  'source',
  'tool',
  'reason',
  'code',
  'rule',
  'ms',
];

/**
 * An entry as an event of the Open Cybersecurity Schema Framework (API Activity, with the profile
 * that says how the record is protected). What has no place there is under `unmapped`.
 */
export function toOcsf(entry: AuditEntry): Readonly<Record<string, unknown>> {
  const { log, seq, ts, prev, hash, action, rid, tool, source, reason, code, ms } = entry;
  return without({
    category_uid: CATEGORY,
    class_uid: CLASS,
    activity_id: OTHER_ACTIVITY,
    activity_name: action,
    type_uid: CLASS * 100 + OTHER_ACTIVITY,
    time: ts,
    duration: ms === undefined ? undefined : Math.round(ms),
    severity_id: statusOf(entry) === FAILURE ? MEDIUM : INFORMATIONAL,
    status_id: statusOf(entry),
    status_code: code,
    status_detail: reason,
    actor: actorOf(entry),
    api:
      tool === undefined
        ? undefined
        : without({
            operation: tool,
            service: source === undefined ? undefined : { name: source },
            request: rid === undefined ? undefined : { uid: rid },
          }),
    policy: entry.rule === undefined ? undefined : { name: entry.rule, uid: entry.policy },
    metadata: {
      version: '1.9.0-dev',
      product: { name: 'Guardstile', vendor_name: 'Guardstile' },
      profiles: ['record_integrity'],
      log_name: log,
      sequence: seq,
      uid: hash,
    },
    attestation: {
      chain_uid: log,
      prev_event: prev,
      fingerprint: { algorithm_id: 3, algorithm: 'SHA-256', value: hash },
    },
    unmapped: unmapped(entry),
  });
}

function statusOf({ action, status }: AuditEntry): number {
  if (action === 'tool.deny' || action === 'approval.deny') return FAILURE;
  if (status === undefined || status === 'ok') return SUCCESS;
  return FAILED.includes(status) ? FAILURE : UNKNOWN;
}

function actorOf({ actor, user, tenant, session, agent }: AuditEntry): unknown {
  return without({
    app_name: agent ?? actor,
    user:
      user === undefined
        ? undefined
        : without({ uid: user, org: tenant === undefined ? undefined : { uid: tenant } }),
    session: session === undefined ? undefined : { uid: session },
  });
}

function unmapped(entry: AuditEntry): unknown {
  const rest = Object.entries(entry).filter(([name]) => !MAPPED.includes(name));
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

function without(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
