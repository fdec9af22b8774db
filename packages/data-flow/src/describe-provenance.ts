import {
  createRedactor,
  type Origin,
  type Place,
  type Provenance,
  type Sighting,
} from '@guardstile/core';
import { classOf } from './origin.ts';
import { queryOf } from './query.ts';

const LONGEST = 80;

/** Why nothing vouches for a value, where it was seen, and what would. */
export function describeUnvouched(
  argument: string,
  value: string,
  provenance: Provenance,
  accepted: readonly Origin[],
  isSecret = false,
): string {
  const what = isSecret ? '(a secret)' : shown(argument, value);
  const named = argument === '' ? what : `${argument} ${what}`;
  return `${named} ${describeProvenance(provenance)}; ${wantedText(accepted)}`;
}

function wantedText(accepted: readonly Origin[]): string {
  const [first] = accepted;
  if (first === undefined) return 'its rule accepts nothing';
  return `it has to come from ${accepted.join(' or ')}`;
}

/** What became of a session that is not complete, and what to do. */
export const INCOMPLETE =
  'the session holds more than is kept (too much text, results from before it began, or a restart without a store): begin a new one, or give createDataFlow a larger maxText or a store';

/** Where a value was seen, for a person. The text is not yet made visible: the guard does that. */
export function describeProvenance({ value, sightings, complete }: Provenance): string {
  if (sightings.length === 0) {
    return complete
      ? 'comes from nowhere that this session has seen'
      : `was not found, and ${INCOMPLETE}`;
  }
  const unproven = queryOf(value).plain ? TOO_SHORT : DISGUISED;
  const places = sightings.map(
    (sighting) => `${placeText(sighting.place)}${doubtOf(sighting, unproven)}`,
  );
  const only = sightings.every(({ origin }) => classOf(origin) === 'untrusted');
  return `${only ? 'comes only from' : 'was seen in'} ${places.join('; ')}`;
}

const TOO_SHORT = ', too short to say anything';
const DISGUISED = ', but it has characters that nobody sees or that look like others';

/** Why a sighting says nothing. */
function doubtOf({ proves, late, inside, origin }: Sighting, unproven: string): string {
  if (proves || origin === 'sent') return '';
  if (inside === true) return ', as part of another value';
  return late === true ? ', after this session had sent it' : unproven;
}

/** A place in words, such as `untrusted content: [3].subject of get_transactions`. */
export function placeText({ origin, tool, path }: Place): string {
  if (origin === 'prompt') return 'what the user typed';
  if (origin === 'sent') return `what ${tool ?? 'a call'} was given`;
  const where = path === '' ? 'the result' : path;
  return `${origin} content: ${where}${tool === undefined ? '' : ` of ${tool}`}`;
}

const redactor = createRedactor();
/** Of a longer text nobody is shown more, and none of it takes long to redact. */
const MOST_READ = 10_000;

/** Reasons are logged and shown to the model: what its name or its look says is secret is not in them. */
function shown(argument: string, value: string): string {
  const field = /[^.[\]]*$/.exec(argument.replaceAll('[]', ''))?.[0] ?? '';
  const stored = redactor.stored({ [field]: value.slice(0, MOST_READ) });
  const kept = isRecord(stored) && typeof stored[field] === 'string' ? stored[field] : '[redacted]';
  return JSON.stringify(kept.length > LONGEST ? `${kept.slice(0, LONGEST)}…` : kept);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
