import type { Origin } from '@guardstile/core';
import { findInText, findWhole, type Library } from './find-value.ts';
import { type Form, FORMS, type Seeds } from './forms.ts';
import { indexText } from './index-text.ts';
import { indexWhole } from './index-whole.ts';
import type { Spot } from './kept-text.ts';
import { classOf, covers, type OriginClass } from './origin.ts';
import type { Query } from './query.ts';
import { finish, step } from './text-hash.ts';

/** The texts of one origin, to be looked into. */
export interface Drawer {
  readonly origin: Origin;
  readonly name: OriginClass;
  /** The first place of a value: in a trusted field the whole field, elsewhere between whole words. */
  find(query: Query): Spot | undefined;
  /** The first place of a value within the fields of a trusted origin, which vouches for nothing. */
  findInside(query: Query): Spot | undefined;
  /** Whether one of these accepted origins covers this one. */
  isCoveredBy(accepted: readonly Origin[]): boolean;
}

/** A drawer for each origin. */
export interface Drawers {
  /** Makes the drawer of an origin, where there is none yet. */
  open(origin: Origin): void;
  readonly all: ReadonlyMap<Origin, Drawer>;
}

type Index = (text: string, from: number, to: number, base: number) => void;

export function createDrawers(library: Library, seed: number): Drawers {
  const all = new Map<Origin, Drawer>();
  let made = 0;

  function newSeeds(): Seeds {
    const own = step(seed, (made += 1));
    const of = (form: Form): number => finish(step(own, FORMS.indexOf(form)));
    return Object.fromEntries(FORMS.map((form) => [form, of(form)])) as Seeds; // all of them
  }

  function asText(
    origin: Origin,
    { dense, exact }: { readonly dense: boolean; readonly exact: boolean },
  ): (query: Query) => Spot | undefined {
    const seeds = newSeeds();
    const catchUp = indexer(library, origin, (text, from, to, base) =>
      indexText(text, from, to, base, seeds, library.table, dense),
    );
    return (query) => {
      catchUp();
      return findInText(library, seeds, query, exact);
    };
  }

  function asWhole(origin: Origin): (query: Query) => Spot | undefined {
    const seeds = newSeeds();
    const catchUp = indexer(library, origin, (text, from, to, base) =>
      indexWhole(text, from, to, base, seeds, library.table),
    );
    return (query) => {
      catchUp();
      return findWhole(library, seeds, query);
    };
  }

  function open(origin: Origin): void {
    if (all.has(origin)) return;
    const name = classOf(origin) ?? 'untrusted';
    const covered = new Map<Origin, boolean>();
    const isTrusted = name === 'trusted';
    all.set(origin, {
      origin,
      name,
      find: isTrusted
        ? asWhole(origin)
        : asText(origin, {
            dense: name === 'prompt' || name === 'trusted-text',
            // What was sent is to be known again in any shape.
            exact: name !== 'sent',
          }),
      findInside: isTrusted ? asText(origin, { dense: false, exact: false }) : () => undefined,
      isCoveredBy(accepted) {
        for (const one of accepted) {
          // Asked for every value, so remembered.
          let answer = covered.get(one);
          if (answer === undefined) covered.set(one, (answer = covers(one, origin)));
          if (answer) return true;
        }
        return false;
      },
    });
  }

  return { open, all };
}

/** Most content is never looked into: it is indexed when it is, once. */
export function indexer({ kept }: Library, origin: Origin, index: Index): () => void {
  let indexed = 0;
  return () => {
    if (indexed < kept.observations) indexed = kept.eachLeaf(origin, indexed, index);
  };
}
