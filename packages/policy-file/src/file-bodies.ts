import type { PolicyDocument } from '@guardstile/policy';

import { BODY_KEYS } from './file-schema.ts';
import type { FileDocument } from './policy-file-document.ts';
import { fillReferences, type WrongReference } from './references.ts';
import type { Values } from './values.ts';

/** One of the policies in a file, and its place there: the file's own, or that of a user or an agent. */
export interface Body {
  readonly document: object;
  readonly path: readonly (string | number)[];
}

/** The file's own policy, as far as `@guardstile/policy` reads it. */
export function ownBody(document: FileDocument): Body {
  const own = Object.entries(document).filter(([key]) => BODY_KEYS.includes(key));
  return { document: Object.fromEntries(own), path: [] };
}

/** All policies of a file. */
export function bodiesOf(document: FileDocument): readonly Body[] {
  const chosenBy = (by: 'users' | 'agents'): readonly Body[] =>
    (document[by] ?? []).map(({ policy }, i) => ({ document: policy, path: [by, i, 'policy'] }));
  return [ownBody(document), ...chosenBy('users'), ...chosenBy('agents')];
}

/** A policy with its references filled in; it means something only where none of them is wrong. */
export function filledBody(
  { document, path }: Body,
  values: Values,
  wrong: WrongReference = () => undefined,
): PolicyDocument {
  const toFile: WrongReference = (at, message) => wrong([...path, ...at], message);
  return fillReferences(document, values, toFile) as PolicyDocument; // whoever reads it checks that
}
