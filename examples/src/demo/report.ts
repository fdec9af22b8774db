import { type AuditEntry, verifyChain } from '@guardstile/core';

import type { Screen } from './screen.ts';
import type { ShopServer } from './shop-server.ts';
import { printTimeline } from './timeline.ts';

/** What is left of the agent's work. */
export interface Evidence {
  readonly entries: readonly AuditEntry[];
  /** Key of the audit log. */
  readonly auditKey: Uint8Array;
  readonly shop: ShopServer;
  readonly shopKey: string;
  /** Everything that the model was told. */
  readonly seen: string;
}

/** Shows what happened as the server and as the audit trail saw it; answers whether that agrees. */
export function report(evidence: Evidence, screen: Screen): boolean {
  screen.title('What reached the server');
  const agrees = reportRequests(evidence, screen);
  screen.title('Audit trail');
  printTimeline(evidence.entries, screen);
  screen.line();
  const verified = reportVerification(evidence, screen);
  const detected = reportTampering(evidence, screen);
  const secret = reportSecret(evidence, screen);
  return agrees && verified && detected && secret;
}

function reportRequests({ shop, entries }: Evidence, screen: Screen): boolean {
  for (const { line, body, authorized } of shop.requests) {
    screen.line(`   ${line} ${body}`.trimEnd() + (authorized ? ", with the shop's key" : ''));
  }
  const refunds = shop.requests.filter(({ line }) => line === 'POST /refunds').length;
  if (refunds === 0) screen.line('   no refund');
  const allowed = entries.filter(
    ({ action, tool }) => action === 'tool.allow' && tool === 'refund',
  );
  return refunds === allowed.length;
}

function reportVerification({ entries, auditKey }: Evidence, screen: Screen): boolean {
  const result = verifyChain(entries, auditKey);
  const words = result.ok
    ? `${result.entries} entries, each link and each MAC; head ${result.head.slice(0, 16)}…`
    : `no: entry ${result.seq}: ${result.reason}`;
  screen.entry('verified', words);
  return result.ok;
}

/** A copy in which somebody made a denial look like an allow, or the other way round. */
function reportTampering({ entries, auditKey }: Evidence, screen: Screen): boolean {
  const decisions = entries.filter(({ kind }) => kind === 'decision');
  const target = decisions.find(({ action }) => action === 'tool.deny') ?? decisions[0];
  if (target === undefined) return true;
  const action = target.action === 'tool.allow' ? 'tool.deny' : 'tool.allow';
  const copy = entries.map((entry) => (entry === target ? { ...entry, action } : entry));
  const result = verifyChain(copy, auditKey);
  const found = result.ok ? 'not noticed' : `noticed at ${result.seq}, ${result.reason}`;
  screen.entry('tampered', `copy with ${action} as entry ${target.seq}: ${found}`);
  return !result.ok;
}

/** The key went to the server and nowhere else, although the server repeated it. */
function reportSecret({ entries, seen, shop, shopKey }: Evidence, screen: Screen): boolean {
  const places = [JSON.stringify(entries), seen, screen.shown()];
  const leaks = places.filter((text) => text.includes(shopKey)).length;
  const sent = shop.requests.filter(({ authorized }) => authorized).length;
  const kept = leaks === 0 ? 'not in' : 'ALSO IN';
  screen.entry(
    'secret',
    `shop's key sent ${sent}×, ${kept} the trail, the model's messages, this output`,
  );
  return leaks === 0;
}
