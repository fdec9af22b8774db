import { grantableFields, type GrantOffer } from '@guardstile/core';

import type { ShownRequest } from './describe-request.ts';
import { describeField } from './describe-value.ts';
import { expiry } from './expiry.ts';
import { oneLine } from './fold.ts';
import { emptyPage, type Page, UNFOLDED } from './page.ts';

/** A grant as a text: what it will answer, and what it will not. */
export function describeGrant(
  { tool, context, requirements }: ShownRequest,
  { scope, fields, expiresMs }: GrantOffer,
  args: unknown,
  now: number,
): Page {
  const page = emptyPage({ ...UNFOLDED, characters: 400 });
  const say = (label: string, text: string): void => {
    page.lines.push({ indent: 0, text: label.padEnd(11) + oneLine(page, text) });
  };
  const { principal, session } = context;
  say('tool', tool.name);
  say('source', tool.source);
  say('principal', principal?.id ?? 'nobody was named');
  if (principal?.tenant !== undefined) say('tenant', principal.tenant);
  say('session', scope === 'session' ? (session ?? 'this one') : 'every one of this principal');
  say('answers', (requirements.rules ?? []).join(', '));
  say('', 'no other rule that asks, and none that denies');
  if (fields.length > 0) {
    say('only with', 'exactly these values');
    const record = args as Readonly<Record<string, unknown>>; // it has fields
    for (const name of fields) describeField(page, name, record[name], 1);
  }
  const others = (grantableFields(args) ?? []).filter((name) => !fields.includes(name));
  if (others.length > 0)
    say('any value', `${others.join(', ')}, and fields that are not there now`);
  say('ends', expiry(now + expiresMs, now));
  return page;
}
