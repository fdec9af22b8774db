import { grantableFields, type GrantOffer, type GrantScope } from '@guardstile/core';

import { describeGrant } from './describe-grant.ts';
import type { ShownRequest } from './describe-request.ts';
import type { Answer, Dialog, Option } from './dialog.ts';
import { labelOf } from './label-of.ts';
import { offeredGrants } from './offered-grants.ts';

const HOUR_MS = 3_600_000;
const TIMES = [
  { value: '1', label: 'for 1 hour' },
  { value: '8', label: 'for 8 hours' },
  { value: '24', label: 'for 1 day' },
  { value: '168', label: 'for 7 days' },
  { value: '720', label: 'for 30 days' },
] as const;

const SCOPES: Readonly<Record<GrantScope, string>> = {
  session: 'in this session of this person',
  always: 'in every session of this person',
};

/** What is to hold for later calls too: shown as a text, and agreed to, before it is anything. */
export async function grantAtTerminal(
  dialog: Dialog,
  request: ShownRequest,
  args: unknown,
): Promise<Answer<GrantOffer>> {
  const fields = await pickFields(dialog, args);
  if (fields.kind !== 'answered') return fields;
  const scopes: ReadonlyArray<Option<GrantScope>> = offeredGrants(request).map((value) => ({
    value,
    label: SCOPES[value],
  }));
  const narrowest = scopes.some(({ value }) => value === 'session') ? 'session' : 'always';
  const scope = await dialog.choose('Where does it hold?', scopes, narrowest);
  if (scope.kind !== 'answered') return scope;
  const hours = await dialog.choose('For how long?', TIMES, '1');
  if (hours.kind !== 'answered') return hours;
  const grant: GrantOffer = {
    scope: scope.value,
    fields: fields.value,
    expiresMs: Number(hours.value) * HOUR_MS,
  };
  dialog.show('Always allow', describeGrant(request, grant, args, Date.now()));
  const sure = await dialog.choose(
    'Approve this call, and from now on without asking those that are like it?',
    [
      { value: 'save', label: 'Approve and save' },
      { value: 'back', label: 'Back to the request' },
    ],
    'back',
  );
  if (sure.kind !== 'answered') return sure;
  return sure.value === 'save' ? { kind: 'answered', value: grant } : { kind: 'cancelled' };
}

async function pickFields(dialog: Dialog, args: unknown): Promise<Answer<readonly string[]>> {
  const names = grantableFields(args) ?? [];
  if (names.length === 0) return { kind: 'answered', value: [] };
  const options = names.map((name, at) => ({ value: String(at), label: labelOf(name) }));
  const picked = await dialog.pick('Which fields have to be the same next time?', options);
  if (picked.kind !== 'answered') return picked;
  return { kind: 'answered', value: picked.value.map((at) => names[Number(at)] ?? '') };
}
