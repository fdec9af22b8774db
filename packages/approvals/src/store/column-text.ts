/**
 * A text as a column holds it. What SQLite does not give back as it was (zeros, halves of surrogate
 * pairs) is written as JSON, and so is what could be taken for it: no two texts become one.
 */
export function columnText(text: string): string {
  return /^"|[\0\p{Surrogate}]/u.test(text) ? JSON.stringify(text) : text;
}

/** The same for what may be absent. */
export function maybeColumnText(text: string | undefined): string | null {
  return text === undefined ? null : columnText(text);
}
