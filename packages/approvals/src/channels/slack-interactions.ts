import { createHmac, timingSafeEqual } from 'node:crypto';

import { GuardError, ownOptions } from '@guardstile/core';

import type { ApprovalInbox } from '../inbox/approval-inbox.ts';
import type { Voter } from '../inbox/voter.ts';
import { messageOf } from '../message-of.ts';
import { replayGuard } from './replay-guard.ts';
import { answer, isRecent, notAllowed, rawBody, TAKEN_MS } from './signed-request.ts';
import { slackApi, type SlackApiOptions } from './slack-api.ts';
import { type Interaction, readInteraction } from './slack-payload.ts';
import { NOTE_BLOCK, noticeView, voteView } from './slack-views.ts';
import { type Voters, voterOf } from './voters.ts';

/** Who may answer in Slack. */
export interface SlackInteractionsOptions extends SlackApiOptions {
  readonly inbox: ApprovalInbox;
  /** The signing secret of the Slack app. */
  readonly signingSecret: string;
  /** Who somebody is, by their Slack user id; nobody else may answer. */
  readonly voters: Voters;
  /** Only people of this Slack workspace, by its id. @default any that the app is installed in */
  readonly team?: string;
  /** How the votes say they came in. @default 'slack' */
  readonly channel?: string;
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
}

const KNOWN = [
  'inbox',
  'signingSecret',
  'voters',
  'team',
  'channel',
  'clock',
  'token',
  'apiUrl',
  'fetch',
] as const satisfies ReadonlyArray<keyof SlackInteractionsOptions>;

const NOT_KNOWN = 'You are not on the list of people who may answer here.';
const GONE = 'There is nothing to answer any more.';

/**
 * Takes what people do with the messages of `slackChannel`: a button asks them, with everything that
 * will run in front of them, and only what they submit then is a vote.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function slackInteractions(
  options: SlackInteractionsOptions,
): (request: Request) => Promise<Response> {
  const own = ownOptions('slackInteractions', options, KNOWN, 'options_invalid');
  const { inbox, signingSecret, voters, team, channel = 'slack', clock = Date.now } = own;
  if (typeof signingSecret !== 'string' || signingSecret.length < 16) {
    throw new GuardError(
      'options_invalid',
      'slackInteractions: pass the signing secret of the app',
    );
  }
  const api = slackApi('slackInteractions', own);
  const replays = replayGuard(TAKEN_MS);

  async function who({ user, team: from }: Interaction): Promise<Voter | undefined> {
    return team === undefined || team === from ? voterOf(voters, user) : undefined;
  }

  async function open(
    interaction: Extract<Interaction, { readonly kind: 'button' }>,
  ): Promise<Response> {
    const { trigger, aid, digest, verdict } = interaction;
    const voter = await who(interaction);
    const approval = voter === undefined ? undefined : await inbox.show(aid);
    const mine = approval?.bindings.tenant === voter?.tenant ? approval : undefined;
    let view = noticeView(NOT_KNOWN);
    if (voter !== undefined) {
      if (mine?.state !== 'pending') view = noticeView(GONE);
      else if (mine.bindings.digest !== digest) {
        view = noticeView('It was edited since; look at the message again.');
      } else view = voteView(mine, verdict);
    }
    await api('views.open', { trigger_id: trigger, view });
    return new Response(null, { status: 200 });
  }

  async function submit(
    interaction: Extract<Interaction, { readonly kind: 'submission' }>,
  ): Promise<Response> {
    const { aid, digest, verdict, note } = interaction;
    const voter = await who(interaction);
    if (voter === undefined) return refused(NOT_KNOWN);
    const said = note === undefined ? {} : { note };
    const result = await inbox.vote(aid, { voter, verdict, digest, channel, ...said });
    if (!result.ok) return refused(`Not counted: ${result.message}`);
    const view = noticeView(`Counted. It is ${result.approval.state} now.`);
    return answer(200, { response_action: 'update', view });
  }

  return async (request) => {
    if (request.method !== 'POST') return notAllowed();
    const body = await rawBody(request);
    if (body === undefined) return answer(413, { ok: false, reason: 'too-long' });
    const timestamp = request.headers.get('x-slack-request-timestamp') ?? '';
    const given = request.headers.get('x-slack-signature') ?? '';
    const now = clock();
    if (!isRecent(timestamp, now) || !isSigned(signingSecret, timestamp, body, given)) {
      return answer(401, { ok: false, reason: 'not-signed' });
    }
    const interaction = readInteraction(body);
    // Slack sends other interactions of the same app here too.
    if (interaction === undefined) return new Response(null, { status: 200 });
    if (!replays.take(given, now)) return answer(409, { ok: false, reason: 'replayed' });
    try {
      return await (interaction.kind === 'button' ? open(interaction) : submit(interaction));
    } catch (error) {
      replays.forget(given);
      if (interaction.kind === 'button') return answer(503, { ok: false, reason: 'failed' });
      return refused(`Not counted: ${messageOf(error)}`);
    }
  };
}

/** Shown below the note, with the question still open. */
function refused(message: string): Response {
  return answer(200, {
    response_action: 'errors',
    errors: { [NOTE_BLOCK]: message.slice(0, 1000) },
  });
}

// https://docs.slack.dev/authentication/verifying-requests-from-slack
function isSigned(secret: string, timestamp: string, body: Uint8Array, given: string): boolean {
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
  const [expected, actual] = [Buffer.from(`v0=${mac}`), Buffer.from(given)];
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
