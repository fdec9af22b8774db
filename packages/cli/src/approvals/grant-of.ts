import type { GrantOffer, GrantScope } from '@guardstile/core';

export interface GrantOptions {
  readonly grant?: GrantScope;
  readonly field?: readonly string[];
  readonly for?: string;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What is to hold for later calls too. Nothing in it has a default: it is narrow because somebody made it so. */
export function grantOf({ grant: scope, field, for: time }: GrantOptions): GrantOffer | undefined {
  if (scope === undefined) {
    if (field === undefined && time === undefined) return undefined;
    throw new Error('--field and --for belong to a --grant');
  }
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(time ?? '') ?? [];
  const unitMs = UNITS[unit];
  if (unitMs === undefined)
    throw new Error('--grant needs --for with a time, such as 30m, 8h or 7d');
  return { scope, fields: field ?? [], expiresMs: Number(count) * unitMs };
}
