/**
 * A denial holds whatever rules say; `explicit` where somebody wrote down that this tool is denied.
 * An allow grants as a rule does. An ask is what happens where no rule and no source allows.
 */
export type Stance =
  | { readonly effect: 'deny'; readonly explicit: boolean; readonly reason: string }
  | { readonly effect: 'ask' | 'allow'; readonly reason: string }
  | undefined;
