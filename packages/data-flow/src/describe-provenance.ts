import type { Place, Provenance, Sighting } from '@guardstile/core';
import { classOf } from './origin.ts';

const LONGEST = 80;

/** Why nothing vouches for a value, and where it was seen. */
export function describeUnvouched(argument: string, value: string, provenance: Provenance): string {
  return `${argument} ${shown(value)} ${describeProvenance(provenance)}`;
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

function shown(value: string): string {
  return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
}
