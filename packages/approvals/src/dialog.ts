import type { Page } from './page.ts';

/** How a question ended. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** Left with Ctrl+C or Escape. */
  | { readonly kind: 'cancelled' }
  /** No key can come any more. */
  | { readonly kind: 'closed' };

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
}

/** A way to talk with the person at a terminal. Labels and messages are visible already. */
export interface Dialog {
  /** Shows what the next question is about. */
  show(title: string, page: Page): void;
  /** One of several; `initial` is what Enter alone answers. */
  choose<T extends string>(
    message: string,
    options: ReadonlyArray<Option<T>>,
    initial: T,
  ): Promise<Answer<T>>;
  /** One or more of several; all of them is what Enter alone answers. */
  pick<T extends string>(
    message: string,
    options: ReadonlyArray<Option<T>>,
  ): Promise<Answer<readonly T[]>>;
  /** A line of text; `initial` is there to be changed. */
  text(message: string, initial?: string): Promise<Answer<string>>;
  /** The last words. */
  end(words: string): void;
}
