import { decodedLeaves } from './decoded-leaves.ts';
import { type Form, FORMS, type Seeds } from './forms.ts';
import { findInText, findWhole, type Library } from './find-value.ts';
import { createHashTable } from './hash-table.ts';
import { indexText } from './index-text.ts';
import { indexWhole } from './index-whole.ts';
import { createKeptText, type Leaves, type Source, type Spot } from './kept-text.ts';
import { leavesOf } from './leaves-of.ts';
import { classOf, covers, type Origin, type OriginClass, type Place } from './origin.ts';
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
  /** Whether nothing went before. @default true */
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
  /** Something was not observed: from now on the session is not {@link SessionFlow.complete}. */
  distrust(): void;
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

/** What is known of the texts of one origin. */
interface Drawer {
  readonly seeds: Seeds;
  readonly name: OriginClass;
  /** Observations that are indexed already. */
  indexed: number;
  /** Which accepted origins cover this one: asked again for every value. */
  readonly covered: Map<Origin, boolean>;
  /** The words within the fields of a trusted origin: nothing there is vouched for. */
  readonly inside: Drawer | undefined;
}

function isAccepted(origin: Origin, { covered }: Drawer, accepted: readonly Origin[]): boolean {
  for (const one of accepted) {
    let answer = covered.get(one);
    if (answer === undefined) covered.set(one, (answer = covers(one, origin)));
    if (answer) return true;
  }
  return false;
}

/** An empty memory of one session. */
export function createSessionFlow(options: SessionFlowOptions = {}): SessionFlow {
  const { maxText = MOST_TEXT, seed = randomSeed() } = options;
  if (!(Number.isSafeInteger(maxText) && maxText > 0 && maxText < MOST_POSITIONS / 2)) {
    throw new TypeError('maxText has to be a whole number of characters above 0');
  }
  const library: Library = { table: createHashTable(), kept: createKeptText() };
  const secrets = createSecretIndex(library.kept, finish(step(seed, 1)));
  const drawers = new Map<Origin, Drawer>();
  let made = 1;
  const room = { untrusted: maxText, other: maxText };
  let complete = options.complete ?? true;

  function drawerOf(origin: Origin): Drawer {
    const known = drawers.get(origin);
    if (known !== undefined) return known;
    const own = step(seed, drawers.size + 2);
    const of = (form: Form): number => finish(step(own, FORMS.indexOf(form)));
    const seeds = Object.fromEntries(FORMS.map((form) => [form, of(form)])) as Seeds; // all of them
    const drawer: Drawer = {
      seeds,
      name: classOf(origin) ?? 'untrusted',
      indexed: 0,
      covered: new Map(),
    };
    drawers.set(origin, drawer);
    return drawer;
  }

  function keep(leaves: Leaves, source: Source): void {
    library.kept.keep(leaves, source);
    for (const origin of leaves.origins) drawerOf(origin);
  }

  /** Most content is never looked into: it is indexed when it is, once. */
  function index(origin: Origin, drawer: Drawer): void {
    const { seeds, name } = drawer;
    drawer.indexed = library.kept.eachLeaf(origin, drawer.indexed, (text, from, to, base) => {
      if (name === 'secret') secrets.add(text, from, to, base);
      else if (name === 'trusted') indexWhole(text, from, to, base, seeds, library.table);
      else {
        const dense = name === 'prompt' || name === 'trusted-text';
        indexText(text, from, to, base, seeds, library.table, dense);
      }
    });
  }

  function observe(value: unknown, { origin, labels, tool, rid }: Observation): Observed {
    const source = {
      ...(tool === undefined ? {} : { tool }),
      ...(rid === undefined ? {} : { rid }),
    };
    const budget = classOf(origin) === 'untrusted' ? 'untrusted' : 'other';
    const labelled = leavesOf(value, labels, origin, room[budget]);
    const { leaves, matched, complete: all } = labelled;
    room[budget] = labelled.room;
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

  function find(origin: Origin, drawer: Drawer, query: Query): Spot | undefined {
    index(origin, drawer);
    const look = drawer.name === 'trusted' ? findWhole : findInText;
    return look(library, drawer.seeds, query);
  }

  function originOf(value: string | number | bigint, options: LookupOptions = {}): Provenance {
    const query = queryOf(value);
    const sightings: Sighting[] = [];
    for (const [origin, drawer] of query.text === '' ? [] : drawers) {
      if (drawer.name === 'secret') continue;
      const spot = find(origin, drawer, query);
      if (spot !== undefined) {
        const own = proves(origin, query, options.shortest);
        sightings.push({ origin, seen: spot.seen, place: spot.place(), proves: own });
        continue;
      }
      const within = drawer.inside === undefined ? undefined : find(origin, drawer.inside, query);
      if (within === undefined) continue;
      const place = within.place();
      sightings.push({ origin, seen: within.seen, place, proves: false, inside: true });
    }
    const sent = sightings.find(({ origin }) => origin === 'sent')?.seen ?? NEVER;
    return {
      value: String(value),
      sightings: sightings.map((one) =>
        isRepeated(one.origin, one.seen, sent) ? { ...one, proves: false, late: true } : one,
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
    for (const [origin, drawer] of drawers) {
      if (drawer.name === 'secret' || !isAccepted(origin, drawer, accepted)) continue;
      if (!proves(origin, query, shortest)) continue;
      const spot = find(origin, drawer, query);
      if (spot !== undefined && !isRepeated(origin, spot.seen, sentAt(query))) return true;
    }
    return false;
  }

  function sentAt(query: Query): number {
    const sent = drawers.get('sent');
    return sent === undefined ? NEVER : (find('sent', sent, query)?.seen ?? NEVER);
  }

  function secretsIn(value: unknown): readonly Place[] {
    for (const [origin, drawer] of drawers) if (drawer.name === 'secret') index(origin, drawer);
    return secrets.within(value);
  }

  return {
    observe,
    originOf,
    isVouched,
    secretsIn,
    distrust: () => void (complete = false),
    get origins() {
      return [...drawers.keys()];
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
