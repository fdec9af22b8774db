import { isGuardError, ownOptions } from '@guardstile/core';

import type { ApprovalInbox, InboxResult } from '../inbox/approval-inbox.ts';
import type { InboxRefusalReason } from '../inbox/inbox-refusal.ts';
import { replayGuard } from './replay-guard.ts';
import { answer, isRecent, notAllowed, rawBody, TAKEN_MS } from './signed-request.ts';
import { type Voters, voterOf } from './voters.ts';
import { isSigned, readSecrets } from './webhook-signature.ts';

/** Who may call back. */
export interface WebhookCallbackOptions {
  readonly inbox: ApprovalInbox;
  /** `whsec_` and base64; several while they are changed. Another one than messages are sent with. */
  readonly secret: string | readonly string[];
  /** Who somebody is whom the signed body names. */
  readonly voters: Voters;
  /** How the votes say they came in. @default 'webhook' */
  readonly channel?: string;
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
}

const KNOWN = ['inbox', 'secret', 'voters', 'channel', 'clock'] as const satisfies ReadonlyArray<
  keyof WebhookCallbackOptions
>;

const STATUS: Readonly<Record<InboxRefusalReason, number>> = {
  unknown: 404,
  decided: 409,
  changed: 409,
  unrevealed: 409,
  'voted-already': 409,
  'no-arguments': 409,
  'other-tenant': 403,
  'not-named': 403,
  'own-request': 403,
  'not-editable': 422,
  'not-grantable': 422,
  'too-long': 422,
};

interface Ballot {
  readonly aid: string;
  readonly digest: string;
  readonly voter: string;
  readonly verdict: 'approve' | 'deny';
  readonly note?: string;
  readonly edited?: Readonly<Record<string, unknown>>;
}

/**
 * Takes answers as signed requests (Standard Webhooks), each once: `{ aid, digest, voter, verdict,
 * note?, edited? }`. For servers that speak `Request` and `Response`; `nodeListener` makes it one for
 * `node:http`.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function webhookCallback(
  options: WebhookCallbackOptions,
): (request: Request) => Promise<Response> {
  const own = ownOptions('webhookCallback', options, KNOWN, 'options_invalid');
  const { inbox, voters, channel = 'webhook', clock = Date.now } = own;
  const secrets = readSecrets('webhookCallback', own.secret);
  const replays = replayGuard(TAKEN_MS);

  async function count({ aid, edited, verdict, note, ...ballot }: Ballot): Promise<Response> {
    const voter = await voterOf(voters, ballot.voter);
    if (voter === undefined) return answer(403, { ok: false, reason: 'not-known' });
    const said = { voter, channel, digest: ballot.digest, ...(note === undefined ? {} : { note }) };
    const result =
      edited === undefined
        ? await inbox.vote(aid, { ...said, verdict })
        : await inbox.edit(aid, { ...said, fields: edited });
    return result.ok ? answer(200, summary(result)) : answer(STATUS[result.reason], result);
  }

  return async (request) => {
    if (request.method !== 'POST') return notAllowed();
    const body = await rawBody(request);
    if (body === undefined) return answer(413, { ok: false, reason: 'too-long' });
    const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map(
      (name) => request.headers.get(`webhook-${name}`) ?? '',
    );
    const now = clock();
    const genuine =
      id !== undefined &&
      id !== '' &&
      timestamp !== undefined &&
      isRecent(timestamp, now) &&
      isSigned(secrets, signatures ?? '', id, timestamp, body);
    if (!genuine) return answer(401, { ok: false, reason: 'not-signed' });
    const ballot = readBallot(body);
    if (ballot === undefined) return answer(400, { ok: false, reason: 'not-understood' });
    if (!replays.take(id, now)) return answer(409, { ok: false, reason: 'replayed' });
    try {
      return await count(ballot);
    } catch (error) {
      replays.forget(id);
      const reason = isGuardError(error) ? error.code : 'failed';
      return answer(503, { ok: false, reason });
    }
  };
}

function summary({ approval }: Extract<InboxResult, { readonly ok: true }>): unknown {
  const { aid, state, bindings } = approval;
  return { ok: true, aid, state, digest: bindings.digest };
}

function readBallot(body: Uint8Array): Ballot | undefined {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
  const own: { readonly [Field in keyof Ballot]?: unknown } = Object.assign(
    Object.create(null) as object,
    found,
  );
  const { aid, digest, voter, verdict, note, edited } = own;
  if (typeof aid !== 'string' || typeof digest !== 'string' || typeof voter !== 'string') {
    return undefined;
  }
  if (verdict !== 'approve' && verdict !== 'deny') return undefined;
  if (note !== undefined && typeof note !== 'string') return undefined;
  const isEdit = edited !== undefined;
  if (isEdit && (verdict !== 'approve' || !isRecord(edited))) return undefined;
  return {
    aid,
    digest,
    voter,
    verdict,
    ...(note === undefined ? {} : { note }),
    ...(isEdit && isRecord(edited) ? { edited } : {}),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
