import { fold } from './characters.ts';

// FNV-1a from a secret start, so that nobody can prepare texts that collide.
const PRIME = 0x01000193;

export function step(hash: number, code: number): number {
  return Math.imul(hash ^ code, PRIME);
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the result. */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

export function hashSpan(text: string, from: number, to: number, seed: number): number {
  let hash = seed;
  for (let i = from; i < to; i += 1) hash = step(hash, text.charCodeAt(i));
  return finish(hash);
}

/** The same for capitals and small letters. */
export function hashFolded(text: string, from: number, to: number, seed: number): number {
  let hash = seed;
  for (let i = from; i < to; i += 1) hash = step(hash, fold(text.charCodeAt(i)));
  return finish(hash);
}

export function hashWindow(high: number, low: number, seed: number): number {
  return finish(step(step(seed, high), low));
}
