import { createRedactor, type Place, type Provenance, type Sighting } from '@guardstile/core';
import { classOf } from './origin.ts';

const LONGEST = 80;

/** Why nothing vouches for a value, and where it was seen. */
export function describeUnvouched(
  argument: string,
  value: string,
  provenance: Provenance,
  isSecret = false,
): string {
  const what = isSecret ? '(a secret)' : shown(argument, value);
  return `${argument} ${what} ${describeProvenance(provenance)}`;
}

/** Where a value was seen, for a person. The text is not yet made visible: the guard does that. */
export function describeProvenance({ sightings, complete }: Provenance): string {
  if (sightings.length === 0) {
    return complete
      ? 'comes from nowhere that this session has seen'
      : 'was not found, and the session holds more than is kept';
  }
  const places = sightings.map((sighting) => `${placeText(sighting.place)}${doubtOf(sighting)}`);
  const only = sightings.every(({ origin }) => classOf(origin) === 'untrusted');
  return `${only ? 'comes only from' : 'was seen in'} ${places.join('; ')}`;
}

/** Why a sighting says nothing. */
function doubtOf({ proves, late, inside, origin }: Sighting): string {
  if (proves || origin === 'sent') return '';
  if (inside === true) return ', as part of another value';
  return late === true ? ', after this session had sent it' : ', too short to say anything';
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
