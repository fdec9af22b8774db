import { cutText } from './cut-text.ts';
import type { PathLabels } from './data-flow.ts';
import { GuardError } from './errors.ts';
import { mapTexts } from './map-texts.ts';
import type { Redactor } from './redact.ts';

/** What is done with a tool's result before the model sees it. */
export type Obligation =
  /** Hides the values of these field names, at any depth, and everything that looks like a secret. */
  | { readonly type: 'redact'; readonly fields: readonly string[] }
  /** Cuts every text of the result to this many characters. */
  | { readonly type: 'cap'; readonly characters: number }
  /** Adds labels to the session before the result is handed on. */
  | { readonly type: 'label'; readonly labels: readonly string[] }
  /** Says where the fields of the result come from. Means nothing to a guard without a data flow. */
  | { readonly type: 'origins'; readonly of: PathLabels };

/**
 * A frozen copy of an obligation that this guard can honour. One that it cannot, or not in every
 * detail, is `undefined`, which has to become a denial.
 */
export function readObligation(value: unknown): Obligation | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, ...rest } = Object.assign(Object.create(null), value) as Record<string, unknown>;
  const [key, ...others] = Object.keys(rest);
  if (key === undefined || others.length > 0) return undefined;
  const detail = rest[key];
  if (type === 'redact' && key === 'fields')
    return withTexts(detail, (fields) => ({ type, fields }));
  if (type === 'label' && key === 'labels')
    return withTexts(detail, (labels) => ({ type, labels }));
  if (type === 'origins' && key === 'of') {
    return withEntries(detail, (of) => ({ type, of: of as PathLabels })); // the data flow checks them
  }
  if (type === 'cap' && key === 'characters' && isCount(detail)) {
    return Object.freeze({ type, characters: detail });
  }
  return undefined;
}

function withTexts(
  value: unknown,
  make: (texts: readonly string[]) => Obligation,
): Obligation | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts: readonly unknown[] = Object.freeze(Array.from(value)); // holes become undefined
  return texts.every((text) => typeof text === 'string') ? Object.freeze(make(texts)) : undefined;
}

function withEntries(
  value: unknown,
  make: (entries: Readonly<Record<string, string>>) => Obligation,
): Obligation | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries: ReadonlyArray<readonly [string, unknown]> = Object.entries(value);
  if (!entries.every(([, text]) => typeof text === 'string')) return undefined;
  const own = Object.fromEntries(entries) as Record<string, string>; // looked at
  return Object.freeze(make(Object.freeze(own)));
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/**
 * The result as the model may see it. The order of the obligations does not matter: what has to be
 * hidden is hidden before anything is cut, since half a secret is not recognised any more.
 *
 * @throws {GuardError} `result_withheld` when an obligation cannot be honoured on this result.
 */
export function applyObligations(
  result: unknown,
  obligations: readonly Obligation[],
  redactor: Redactor,
): unknown {
  const redactions = obligations.filter((o) => o.type === 'redact');
  const caps = obligations.flatMap((o) => (o.type === 'cap' ? [o.characters] : []));
  let value = result;
  if (redactions.length > 0) {
    const fields = redactions.flatMap((o) => o.fields);
    value = treated('redact', () => redactor.with(fields).result(value));
  }
  if (caps.length > 0) {
    value = treated('cap', () => cap(redactor.withoutIssued(value), Math.min(...caps)));
  }
  return value;
}

function treated(type: Obligation['type'], treat: () => unknown): unknown {
  try {
    return treat();
  } catch (cause) {
    throw new GuardError(
      'result_withheld',
      `its result cannot be given the required "${type}" treatment and is withheld; return plain data`,
      { cause },
    );
  }
}

function cap(value: unknown, characters: number): unknown {
  return mapTexts(value, {
    text(text) {
      const kept = cutText(text, characters);
      if (kept === text) return text;
      return `${kept}… [${text.length - kept.length} characters withheld]`;
    },
  });
}
