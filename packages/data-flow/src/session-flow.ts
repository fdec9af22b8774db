import { decodedLeaves } from './decoded-leaves.ts';
import { FORMS, type Seeds } from './forms.ts';
import { findInText, findWhole, type Library } from './find-value.ts';
import { createHashTable } from './hash-table.ts';
import { indexText } from './index-text.ts';
import { indexWhole } from './index-whole.ts';
import { createKeptText, type Leaves, type Source } from './kept-text.ts';
import { leavesOf } from './leaves-of.ts';
import { classOf, type Origin, type Place } from './origin.ts';
import type { PathNode } from './path-labels.ts';
import type { Provenance, Sighting } from './provenance.ts';
import { proves } from './proof.ts';
import { type Query, queryOf } from './query.ts';
import { createSecretIndex } from './secret-index.ts';
import { finish, step } from './text-hash.ts';

/** How much a session keeps, and what it hides behind. */
export interface SessionFlowOptions {
  /**
   * Most characters kept of untrusted content; as many again of everything else, so that content
   * cannot crowd out what the user types. Beyond it nothing more is known: see {@link SessionFlow.complete}.
   *
   * @default 8_000_000
   */
  readonly maxText?: number;
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
  /** Where a value was seen. A trusted sighting after an untrusted one vouches for nothing. */
  originOf(value: string | number | bigint, options?: LookupOptions): Provenance;
  /** Places of secrets that a value holds, whole or as a copy of at least 15 letters; encoded too. */
  secretsIn(value: unknown): readonly Place[];
  /** The origins of everything observed so far. */
  readonly origins: readonly Origin[];
  /** Whether everything was kept. If not, what was not seen may have been there all the same. */
  readonly complete: boolean;
  /** Characters kept, and bytes of the index over them. */
  readonly size: { readonly text: number; readonly index: number; readonly steps: number };
}

const MOST_TEXT = 8_000_000;
/** Positions are 32 bits wide. */
const MOST_POSITIONS = 2 ** 31;

/** An empty memory of one session. */
export function createSessionFlow(options: SessionFlowOptions = {}): SessionFlow {
  const { maxText = MOST_TEXT, seed = randomSeed() } = options;
  if (!(Number.isSafeInteger(maxText) && maxText > 0 && maxText < MOST_POSITIONS / 2)) {
    throw new TypeError('maxText has to be a whole number of characters above 0');
  }
  const library: Library = { table: createHashTable(), kept: createKeptText() };
  const secrets = createSecretIndex(library.kept, finish(step(seed, 1)));
  const seedsBy = new Map<Origin, Seeds>();
  const room = { untrusted: maxText, other: maxText };
  let complete = true;

  function seedsOf(origin: Origin): Seeds {
    let seeds = seedsBy.get(origin);
    if (seeds === undefined) {
      const own = step(seed, seedsBy.size + 2);
      const of = (form: (typeof FORMS)[number]): number => finish(step(own, FORMS.indexOf(form)));
      seeds = {
        word: of('word'),
        address: of('address'),
        number: of('number'),
        digits: of('digits'),
        window: of('window'),
      };
      seedsBy.set(origin, seeds);
    }
    return seeds;
  }

  function keep(leaves: Leaves, source: Source): void {
    const { text, starts } = leaves;
    const base = library.kept.keep(leaves, source);
    for (let i = 0; i < starts.length; i += 1) {
      const from = starts[i] as number; // within bounds
      const next = starts[i + 1];
      const to = next === undefined ? text.length : next - 1;
      const origin = leaves.origins[leaves.origin[i] as number] as Origin; // within bounds
      const seeds = seedsOf(origin);
      switch (classOf(origin)) {
        case 'trusted':
          indexWhole(text, from, to, base, seeds, library.table);
          break;
        case 'secret':
          secrets.add(text, from, to, base);
          break;
        default:
          indexText(text, from, to, base, seeds, library.table);
      }
    }
  }

  function observe(value: unknown, { origin, labels, tool, rid }: Observation): Observed {
    const source = { ...(tool === undefined ? {} : { tool }), ...(rid === undefined ? {} : { rid }) };
    const budget = classOf(origin) === 'untrusted' ? 'untrusted' : 'other';
    const before = room[budget];
    const { leaves, matched, complete: all } = leavesOf(value, labels, origin, before);
    room[budget] = all ? before - leaves.text.length : 0;
    if (leaves.starts.length > 0) keep(leaves, source);
    const whole = keepDecoded(leaves, source, budget) && all;
    if (!whole) complete = false;
    return { matched, complete: whole };
  }

  /** What a leaf says when it is decoded has the leaf's own label, and its place. */
  function keepDecoded(leaves: Leaves, source: Source, budget: keyof typeof room): boolean {
    const more = decodedLeaves(leaves);
    if (more === undefined) return true;
    room[budget] -= more.text.length;
    if (room[budget] < 0) return false;
    keep(more, source);
    return true;
  }

  function originOf(
    value: string | number | bigint,
    { shortest }: LookupOptions = {},
  ): Provenance {
    const query = queryOf(String(value));
    const sightings: Sighting[] = [];
    let firstUntrusted = Number.POSITIVE_INFINITY;
    if (query.text !== '') {
      for (const [origin, seeds] of seedsBy) {
        const name = classOf(origin);
        if (name === undefined || name === 'secret') continue;
        const find = name === 'trusted' ? findWhole : findInText;
        const spot = find(library, seeds, query);
        if (spot === undefined) continue;
        if (name === 'untrusted') firstUntrusted = Math.min(firstUntrusted, spot.seen);
        const { seen, place } = spot;
        sightings.push({ origin, seen, place: place(), proves: proves(origin, query, shortest) });
      }
    }
    return {
      value: String(value),
      sightings: sightings.map((one) => laterThan(one, firstUntrusted)),
      complete,
    };
  }

  return {
    observe,
    originOf,
    secretsIn: (value) => secrets.within(value),
    get origins() {
      return [...seedsBy.keys()];
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

/**
 * What content named first and a trusted field only afterwards may have got into the field through
 * this very session, so the field does not vouch for it. The user's own word always counts.
 */
function laterThan(sighting: Sighting, firstUntrusted: number): Sighting {
  const { origin, seen } = sighting;
  const vouches = classOf(origin) === 'trusted' || classOf(origin) === 'trusted-text';
  return vouches && seen > firstUntrusted ? { ...sighting, proves: false, late: true } : sighting;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
}
