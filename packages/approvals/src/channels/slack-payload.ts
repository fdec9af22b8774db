import { SLACK_ACTIONS } from './slack-channel.ts';
import { NOTE_BLOCK, VOTE_VIEW } from './slack-views.ts';

type Verdict = 'approve' | 'deny';

/** What somebody did. User and team are those that Slack vouches for, and nothing else says who it was. */
export type Interaction = {
  readonly user: string;
  readonly team: string | undefined;
  readonly aid: string;
  readonly digest: string;
  readonly verdict: Verdict;
} & (
  | { readonly kind: 'button'; readonly trigger: string }
  | { readonly kind: 'submission'; readonly note?: string }
);

/** Reads a body that was found to be Slack's; nothing where it is about something else. */
export function readInteraction(body: Uint8Array): Interaction | undefined {
  const payload = parsed(new URLSearchParams(new TextDecoder().decode(body)).get('payload'));
  const user = textOf(at(payload, 'user', 'id'));
  const team = textOf(at(payload, 'team', 'id')) ?? textOf(at(payload, 'user', 'team_id'));
  if (user === undefined) return undefined;
  switch (at(payload, 'type')) {
    case 'block_actions':
      return readButton(payload, { user, team });
    case 'view_submission':
      return readSubmission(payload, { user, team });
    default:
      return undefined;
  }
}

type Who = Pick<Interaction, 'user' | 'team'>;

function readButton(payload: unknown, who: Who): Interaction | undefined {
  const action = at(payload, 'actions', '0');
  const verdict = verdictOf(at(action, 'action_id'));
  const about = parsed(textOf(at(action, 'value')));
  const trigger = textOf(at(payload, 'trigger_id'));
  const [aid, digest] = [textOf(at(about, 'aid')), textOf(at(about, 'digest'))];
  if (verdict === undefined || aid === undefined || digest === undefined) return undefined;
  return trigger === undefined
    ? undefined
    : { kind: 'button', ...who, aid, digest, verdict, trigger };
}

function readSubmission(payload: unknown, who: Who): Interaction | undefined {
  if (at(payload, 'view', 'callback_id') !== VOTE_VIEW) return undefined;
  const about = parsed(textOf(at(payload, 'view', 'private_metadata')));
  const [aid, digest] = [textOf(at(about, 'aid')), textOf(at(about, 'digest'))];
  const verdict = at(about, 'verdict');
  if (aid === undefined || digest === undefined) return undefined;
  if (verdict !== 'approve' && verdict !== 'deny') return undefined;
  const note = textOf(at(payload, 'view', 'state', 'values', NOTE_BLOCK, NOTE_BLOCK, 'value'));
  const said = note === undefined ? {} : { note };
  return { kind: 'submission', ...who, aid, digest, verdict, ...said };
}

function verdictOf(action: unknown): Verdict | undefined {
  if (action === SLACK_ACTIONS.approve) return 'approve';
  return action === SLACK_ACTIONS.deny ? 'deny' : undefined;
}

/** What is there, by own properties only. */
function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parsed(text: string | null | undefined): unknown {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return value;
  } catch {
    return undefined;
  }
}
