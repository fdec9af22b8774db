import { digest } from '@guardstile/core';

/** For an entry: which value it was. Nothing where it is none that can be written down. */
export function digestOf(kind: string, value: unknown): { readonly digest?: string } {
  try {
    return value === undefined ? {} : { digest: digest(kind, value) };
  } catch {
    return {};
  }
}
