import type { InboxRefusal } from './inbox-refusal.ts';

export function isRefusal(value: object): value is InboxRefusal {
  return Object.hasOwn(value, 'ok') && (value as { readonly ok: unknown }).ok === false;
}
