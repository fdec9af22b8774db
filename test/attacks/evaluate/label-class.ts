/** What comes before the kind in a label: `trusted` of `trusted:payee`. */
export function classOf(label: string): string {
  return label.split(':', 1)[0] ?? label;
}
