import { type AuditEntry, visible } from '@guardstile/core';

/** Fields that say where an entry stands, not what happened. */
const OF_THE_LOG: readonly string[] = [
  'v',
  'log',
  'seq',
  'ts',
  'prev',
  'hash',
  'mac',
  'kind',
  'action',
];

/** An entry for a person: one line, or one line and its fields. Whatever it holds is made visible. */
export function describeEntry(entry: AuditEntry, length: 'short' | 'long'): string {
  return length === 'short' ? `${headline(entry)}\n` : `${headline(entry)}\n${fields(entry)}`;
}

function headline(entry: AuditEntry): string {
  const { seq, ts, action, tool, status, code, rule, user, tenant, ms } = entry;
  const who = user === undefined ? '' : `${user}${tenant === undefined ? '' : `@${tenant}`}`;
  const parts = [
    String(seq).padStart(6),
    new Date(ts).toISOString(),
    action.padEnd(16),
    tool,
    status,
    code,
    rule === undefined ? undefined : `rule ${rule}`,
    who,
    ms === undefined ? undefined : `${ms} ms`,
  ];
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => visible(part ?? ''))
    .join('  ');
}

function fields(entry: AuditEntry): string {
  return Object.entries(entry)
    .filter(([name]) => !OF_THE_LOG.includes(name))
    .map(([name, value]) => `          ${name}: ${textOf(value)}\n`)
    .join('');
}

function textOf(value: unknown): string {
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}
