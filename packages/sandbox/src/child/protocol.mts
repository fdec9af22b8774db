/** What a child says first. */
export type Ready = { readonly exports: readonly string[] } | { readonly failed: string };

/** What it is then told, once. */
export interface Request {
  readonly export: string;
  /** JSON of the arguments; absent for `undefined`. */
  readonly args?: unknown;
  readonly secrets: Readonly<Record<string, string>>;
}

/** What it answers to that. */
export type Answer =
  | { readonly value?: unknown }
  | { readonly refused: string }
  | { readonly threw: ThrownError }
  | { readonly thrown: unknown };

/** An error as it crosses between processes. */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
}
