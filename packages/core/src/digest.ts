import { hash } from '#hash';

import { canonical } from './canonical.ts';

/** Names exactly one value of one kind, as `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** Digest of the canonical form; `kind` keeps digests of different things apart. */
export function digest(kind: string, value: unknown): Digest {
  return `sha256:${hash.sha256(`guardstile/${kind}/v1\n${canonical(value)}`)}`;
}
