import { digest } from '@guardstile/core';

/** What a field was, where it differs. */
export type ChangedField =
  | { readonly name: string; readonly kind: 'changed'; readonly was: unknown }
  | { readonly name: string; readonly kind: 'added' };

/** How two lots of arguments differ, field by field. */
export interface Difference {
  readonly changed: readonly ChangedField[];
  /** How many fields there are in all, in either. */
  readonly of: number;
}

type Fields = Readonly<Record<string, unknown>>;

export function changedFields(before: unknown, now: unknown): Difference {
  const [was, is] = [fieldsOf(before), fieldsOf(now)];
  const names = [...new Set([...Object.keys(is), ...Object.keys(was)])];
  const changed = names.flatMap((name): readonly ChangedField[] => {
    if (!Object.hasOwn(was, name)) return [{ name, kind: 'added' }];
    if (Object.hasOwn(is, name) && digest('value', is[name]) === digest('value', was[name])) {
      return [];
    }
    return [{ name, kind: 'changed', was: was[name] }];
  });
  return { changed, of: names.length };
}

/** The fields of arguments; what is no record is one field. */
function fieldsOf(args: unknown): Fields {
  const isRecord = typeof args === 'object' && args !== null && !Array.isArray(args);
  return isRecord ? (args as Fields) : { '(value)': args }; // what is left has string keys
}
