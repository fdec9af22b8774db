import { decodedLeaves } from './decoded-leaves.ts';
import { createDrawers } from './drawers.ts';
import type { Library } from './find-value.ts';
import { createHashTable } from './hash-table.ts';
import { createKeptText, type Leaves, type Source, type Spot } from './kept-text.ts';
import { leavesOf } from './leaves-of.ts';
import { classOf, type Origin, type Place } from './origin.ts';
import type { PathNode } from './path-labels.ts';
import { proves } from './proof.ts';
import type { Provenance, Sighting } from './provenance.ts';
import { queryOf } from './query.ts';
import { createSecretIndex } from './secret-index.ts';
import { finish, step } from './text-hash.ts';

/** How much a session keeps, and what it hides behind. */
export interface SessionFlowOptions {
  /**
   * Most characters kept of untrusted content, and as many again of what the session sends and of
   * everything else, so that content cannot crowd out what the user types. Beyond it nothing more is known: see {@link SessionFlow.complete}.
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
  /** Labels by path; see `compileLabels`. */
  readonly labels?: PathNode | undefined;
}

/** What became of an observation. */
export interface Observed {
  /** The labels' paths that were there. */
  readonly matched: ReadonlySet<string>;
  /** Whether all of it was kept. */
  readonly complete: boolean;
}

/** How a value is looked up. */
export interface LookupOptions {
  /** Fewest letters and digits that prove something. @default 5 */
  readonly shortest?: number | undefined;
}

/** What a session has seen, and where a value of it came from. Nothing is ever forgotten. */
export interface SessionFlow {
  /** Keeps the texts of a value. */
  observe(value: unknown, observation: Observation): Observed;
  /** Where a value was seen. What repeats what the session itself has sent vouches for nothing. */
  originOf(value: string | number | bigint, options?: LookupOptions): Provenance;
  /** Whether one of the accepted origins vouches for a value: the short answer of `originOf`. */
  isVouched(
    value: string | number | bigint,
    accepted: readonly Origin[],
    shortest?: number,
  ): boolean;
  /** Places of secrets that a value holds, whole or as a copy of at least 15 letters; encoded too. */
  secretsIn(value: unknown): readonly Place[];
  /** Something was not observed: from now on the session is not {@link SessionFlow.complete}, and only the prompt vouches. */
  distrust(): void;
  /** The origins of everything observed so far. */
  readonly origins: readonly Origin[];
  /** Whether everything was kept. If not, what was not seen may have been there all the same. */
  readonly complete: boolean;
  /** Characters kept, and bytes of the index over them. */
  readonly size: { readonly text: number; readonly index: number; readonly steps: number };
}

const MOST_TEXT = 8_000_000;
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
  const library: Library = { table: createHashTable(), kept: createKeptText() };
  const drawers = createDrawers(library, finish(step(seed, 1)));
  const secrets = createSecretIndex(library, finish(step(seed, 2)));
  const room = { untrusted: maxText, sent: maxText, other: maxText };
  let complete = options.complete ?? true;
  /** Whether everything is known that the session itself wrote. */
  let knowsSent = complete;

  function keep(leaves: Leaves, source: Source): void {
    for (const origin of library.kept.keep(leaves, source)) {
      if (classOf(origin) === 'secret') secrets.open(origin);
      else drawers.open(origin);
    }
  }

  function observe(value: unknown, { origin, labels, tool, rid }: Observation): Observed {
    const source = {
      ...(tool === undefined ? {} : { tool }),
      ...(rid === undefined ? {} : { rid }),
    };
    const budget = budgetOf(origin);
    const labelled = leavesOf(value, labels, origin, room[budget]);
    const { leaves, matched, complete: all } = labelled;
    room[budget] = labelled.room;
    if (leaves.starts.length > 0) keep(leaves, source);
    const whole = keepDecoded(leaves, source, budget) && all;
    if (!whole) complete = false;
    if (!whole && origin === 'sent') knowsSent = false;
    return { matched, complete: whole };
  }

  /** What a leaf says when it is decoded has the leaf's own label, and its place. */
  function keepDecoded(leaves: Leaves, source: Source, budget: keyof typeof room): boolean {
    const more = decodedLeaves(leaves);
    if (more === undefined) return true;
    const left = room[budget] - more.text.length;
    room[budget] = Math.max(0, left);
    if (left >= 0) keep(more, source);
    return left >= 0;
  }

  function originOf(value: string | number | bigint, { shortest }: LookupOptions = {}): Provenance {
    const query = queryOf(value);
    const sightings: Sighting[] = [];
    const add = ({ seen, place }: Spot, more: Pick<Sighting, 'proves' | 'inside'>): unknown =>
      sightings.push({ origin: place().origin, seen, place: place(), ...more });
    for (const drawer of query.text === '' ? [] : drawers.all.values()) {
      const spot = drawer.find(query);
      const inside = spot === undefined ? drawer.findInside(query) : undefined;
      if (spot !== undefined) add(spot, { proves: proves(drawer.origin, query, shortest) });
      if (inside !== undefined) add(inside, { proves: false, inside: true });
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
    return false;
  }

  return {
    observe,
    originOf,
    isVouched,
    secretsIn: secrets.within,
    distrust() {
      complete = false;
      knowsSent = false;
    },
    get origins() {
      return [...drawers.all.keys(), ...secrets.origins];
    },
    get complete() {
      return complete;
    },
    get size() {
      const { table, kept } = library;
      return { text: kept.length, index: table.bytes + secrets.bytes, steps: table.steps };
    },
  };
}

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
