import type { FlowView, Origin, Provenance, Sighting } from '@guardstile/core';
import type { DeclassifiedAs } from './declassification.ts';
import { decodedLeaves } from './decoded-leaves.ts';
import { createDrawers } from './drawers.ts';
import type { Library } from './find-value.ts';
import { createHashTable } from './hash-table.ts';
import { createKeptText, type Leaves, type Source, type Spot } from './kept-text.ts';
import { leavesOf } from './leaves-of.ts';
import { classOf } from './origin.ts';
import type { PathNode } from './path-labels.ts';
import { proves } from './proof.ts';
import { queryOf } from './query.ts';
import { createSecretIndex } from './secret-index.ts';
import { finish, step } from './text-hash.ts';

/** How much a session keeps, and what it hides behind. */
export interface SessionFlowOptions {
  /**
   * Most characters kept of untrusted content, and as many again of what the session sends and of
   * everything else, so that content cannot crowd out what the user types. Beyond it nothing more is known: see `complete`.
   *
   * @default 8_000_000
   */
  readonly maxText?: number;
  /** Whether nothing went before. If something did, only the prompt vouches. @default true */
  readonly complete?: boolean;
  /** Where hashes start. @default random, so that nobody can prepare texts that collide */
  readonly seed?: number;
}

/** Who says what is observed, and how trustworthy it is. */
export interface Observation extends Source {
  /** Origin of whatever no label covers. */
  readonly origin: Origin;
  /** Labels by path, compiled; where several cover a field, it is what the least trusting says. */
  readonly labels?: readonly PathNode[];
  /** What it may be as well: known of the session, and vouching for nothing. */
  readonly noted?: readonly Origin[];
}

/** What became of an observation. */
export interface Observed {
  /** The labels' paths that were there. */
  readonly matched: ReadonlySet<string>;
  /** Whether all of it was kept. */
  readonly complete: boolean;
}

/** A value taken apart, as plain data: kept in the same order, it makes the same memory anywhere. */
export interface FlowRecord {
  readonly origin: Origin;
  readonly source: Source;
  readonly leaves: Leaves;
  readonly noted: readonly Origin[];
  /** How much room it takes. */
  readonly cost: number;
  readonly complete: boolean;
}

/** What a session has seen, and where a value of it came from. Nothing is ever forgotten. */
export interface SessionFlow extends FlowView {
  /** A value taken apart, with nothing kept yet. */
  take(value: unknown, observation: Observation): FlowRecord & Pick<Observed, 'matched'>;
  /** Keeps what was taken apart; false when not all of it could be. */
  keep(record: FlowRecord): boolean;
  /** Keeps the texts of a value. */
  observe(value: unknown, observation: Observation): Observed;
  /**
   * Something was not observed: from now on only the prompt vouches. Where it was `content`, and not
   * just what was sent first, the session is not {@link FlowView.complete} either.
   *
   * @default 'content'
   */
  distrust(missed?: 'content' | 'order'): void;
  /** Whether everything is known that the session itself wrote. */
  readonly knowsSent: boolean;
  /** From now on the value counts as this, or may leave although it is secret. False where there is no room for it. */
  declassify(value: string, as: DeclassifiedAs): boolean;
  /** What was declassified. */
  readonly values: ReadonlyArray<readonly [value: string, as: DeclassifiedAs]>;
  /** Keeps everything that another session has seen. */
  absorb(other: SessionFlow): void;
  /** Everything that was kept, in order. */
  readonly kept: ReadonlyArray<Leaves & { readonly source: Source }>;
  /** Characters kept, and bytes of the index over them. */
  readonly size: { readonly text: number; readonly index: number; readonly steps: number };
}

const MOST_TEXT = 8_000_000;
/** What keeping anything costs, so that many small things are bounded too. */
const LEAST_COST = 64;

/** Content cannot crowd out what the user types, and neither can what the agent writes. */
function budgetOf(origin: Origin): 'untrusted' | 'sent' | 'other' {
  if (origin === 'sent') return 'sent';
  return classOf(origin) === 'untrusted' ? 'untrusted' : 'other';
}

/** Positions are 32 bits wide. */
const MOST_POSITIONS = 2 ** 31;

/** An empty memory of one session. */
export function createSessionFlow(options: SessionFlowOptions = {}): SessionFlow {
  const { maxText = MOST_TEXT, seed = randomSeed() } = options;
  if (!(Number.isSafeInteger(maxText) && maxText > 0 && maxText < MOST_POSITIONS / 4)) {
    throw new TypeError('maxText has to be a whole number of characters above 0');
  }
  const library = newLibrary();
  const drawers = createDrawers(library, finish(step(seed, 1)));
  /** What a person has vouched for: it counts whatever was sent before, like what the user types. */
  const vouched = newLibrary();
  const declassified = createDrawers(vouched, finish(step(seed, 3)));
  const shelves = [drawers.all, declassified.all];
  const values: Array<readonly [string, DeclassifiedAs]> = [];
  const secrets = createSecretIndex(library, finish(step(seed, 2)));
  const room = { untrusted: maxText, sent: maxText, other: maxText };
  let complete = options.complete ?? true;
  /** Whether everything is known that the session itself wrote. */
  let knowsSent = complete;
  /** What was said of something that something else is less trusting of. */
  const noted = new Set<Origin>();

  function add(leaves: Leaves, source: Source): void {
    for (const origin of library.kept.keep(leaves, source)) {
      if (classOf(origin) === 'secret') secrets.open(origin);
      else drawers.open(origin);
    }
  }

  function take(
    value: unknown,
    { origin, labels = [], noted: more = [], tool, rid }: Observation,
  ): ReturnType<SessionFlow['take']> {
    const before = room[budgetOf(origin)];
    const labelled = leavesOf(value, labels, origin, before - LEAST_COST);
    const { leaves, matched, complete: whole } = labelled;
    return {
      origin,
      source: {
        ...(tool === undefined ? {} : { tool }),
        ...(rid === undefined ? {} : { rid }),
      },
      leaves,
      noted: [...labelled.noted, ...more],
      cost: before - labelled.room,
      complete: whole,
      matched,
    };
  }

  function keep(record: FlowRecord): boolean {
    const { origin, source, leaves, cost } = record;
    const budget = budgetOf(origin);
    const fits = cost <= room[budget];
    room[budget] = Math.max(0, room[budget] - cost);
    for (const own of record.noted) noted.add(own);
    if (fits && leaves.starts.length > 0) add(leaves, source);
    const whole = fits && keepDecoded(leaves, source, budget) && record.complete;
    if (!whole) complete = false;
    if (!whole && origin === 'sent') knowsSent = false;
    return whole;
  }

  function observe(value: unknown, observation: Observation): Observed {
    const { matched, ...record } = take(value, observation);
    return { matched, complete: keep(record) };
  }

  function absorb(other: SessionFlow): void {
    for (const { source, ...leaves } of other.kept) {
      // Of one origin as a rule; where there are several, what is not trusted takes the room.
      const origins = leaves.patterns.map(({ origin }) => origin);
      const budget = budgetOf(origins.find((origin) => budgetOf(origin) !== 'other') ?? 'prompt');
      const left = room[budget] - leaves.text.length - LEAST_COST;
      room[budget] = Math.max(0, left);
      if (left < 0) complete = false;
      else add(leaves, source);
    }
    for (const [value, as] of other.values) if (!declassify(value, as)) complete = false;
    for (const origin of other.origins) noted.add(origin);
    if (!other.complete) complete = false;
    // What the other one sent before this one saw it cannot be told any more.
    if (!other.knowsSent || other.origins.includes('sent')) distrust('order');
  }

  function declassify(value: string, as: DeclassifiedAs): boolean {
    const cost = value.length + LEAST_COST;
    if (cost > room.other) return false;
    room.other -= cost;
    values.push([value, as]);
    if (as === 'public') secrets.release(value);
    else {
      const { leaves } = leavesOf(value, [], as);
      for (const origin of vouched.kept.keep(leaves, DECLASSIFIED)) declassified.open(origin);
    }
    return true;
  }

  function distrust(missed: 'content' | 'order' = 'content'): void {
    if (missed === 'content') complete = false;
    knowsSent = false;
  }

  /** What a leaf says when it is decoded has the leaf's own label, and its place. */
  function keepDecoded(leaves: Leaves, source: Source, budget: keyof typeof room): boolean {
    const more = decodedLeaves(leaves);
    if (more === undefined) return true;
    const left = room[budget] - more.text.length;
    room[budget] = Math.max(0, left);
    if (left >= 0) add(more, source);
    return left >= 0;
  }

  function originOf(
    value: string | number | bigint,
    { shortest }: Parameters<FlowView['originOf']>[1] = {},
  ): Provenance {
    const query = queryOf(value);
    const sightings: Sighting[] = [];
    const sighted = ({ seen, place }: Spot, more: Pick<Sighting, 'proves' | 'inside'>): unknown =>
      sightings.push({ origin: place().origin, seen, place: place(), ...more });
    for (const shelf of query.text === '' ? [] : shelves) {
      for (const drawer of shelf.values()) {
        const found = drawer.find(query);
        const spot =
          shelf === drawers.all || found === undefined ? found : { ...found, seen: ALWAYS };
        const inside = spot === undefined ? drawer.findInside(query) : undefined;
        if (spot !== undefined) sighted(spot, { proves: proves(drawer.origin, query, shortest) });
        if (inside !== undefined) sighted(inside, { proves: false, inside: true });
      }
    }
    const sent = knowsSent ? sightings.find(({ origin }) => origin === 'sent')?.seen : ALWAYS;
    return {
      value: String(value),
      sightings: sightings.map((one) =>
        isRepeated(one.origin, one.seen, sent ?? NEVER)
          ? { ...one, proves: false, late: true }
          : one,
      ),
      complete,
    };
  }

  function isVouched(
    value: string | number | bigint,
    accepted: readonly Origin[],
    shortest?: number,
  ): boolean {
    const query = queryOf(value);
    if (query.text === '') return false;
    for (const drawer of drawers.all.values()) {
      const { origin } = drawer;
      if (!drawer.isCoveredBy(accepted) || !proves(origin, query, shortest)) continue;
      const spot = drawer.find(query);
      if (spot === undefined) continue;
      if (origin === 'prompt') return true;
      const sent = knowsSent ? drawers.all.get('sent')?.find(query)?.seen : ALWAYS;
      if (!isRepeated(origin, spot.seen, sent ?? NEVER)) return true;
    }
    for (const drawer of declassified.all.values()) {
      if (!drawer.isCoveredBy(accepted) || !proves(drawer.origin, query, shortest)) continue;
      if (drawer.find(query) !== undefined) return true;
    }
    return false;
  }

  return {
    take,
    keep,
    observe,
    originOf,
    isVouched,
    secretsIn: secrets.within,
    distrust,
    declassify,
    values,
    get origins() {
      return [...new Set([...drawers.all.keys(), ...secrets.origins, ...noted])];
    },
    get complete() {
      return complete;
    },
    absorb,
    get kept() {
      return library.kept.all();
    },
    get knowsSent() {
      return knowsSent;
    },
    get size() {
      const { table, kept } = library;
      return { text: kept.length, index: table.bytes + secrets.bytes, steps: table.steps };
    },
  };
}

function newLibrary(): Library {
  return { table: createHashTable(), kept: createKeptText() };
}

const DECLASSIFIED: Source = { tool: 'guardstile/declassify' };

const NEVER = Number.POSITIVE_INFINITY;
const ALWAYS = -1;

/**
 * What a call of this session wrote may come back in a field or a message that a rule accepts: that
 * vouches for nothing. The user's own word always counts.
 */
function isRepeated(origin: Origin, seen: number, sent: number): boolean {
  return origin !== 'prompt' && seen > sent;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
}
