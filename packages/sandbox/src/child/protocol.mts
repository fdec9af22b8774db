/** What a child says first. */
export type Ready = { readonly exports: readonly string[] } | { readonly failed: string };

/** What it is then told, once. */
export interface Request {
  readonly export: string;
  /** JSON of the arguments; absent for `undefined`. */
  readonly args?: unknown;
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether its parent fetches for it. */
  readonly fetches: boolean;
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

/** What a child has its parent fetch before it answers. Bodies are in base64. */
export interface FetchRequest {
  readonly id: number;
  readonly url: string;
  readonly method: string;
  readonly headers: ReadonlyArray<readonly [string, string]>;
  readonly redirect: 'follow' | 'error' | 'manual';
  readonly body?: string;
}

export type FetchReply =
  | {
      readonly id: number;
      readonly response: {
        readonly url: string;
        readonly status: number;
        readonly statusText: string;
        readonly headers: ReadonlyArray<readonly [string, string]>;
        readonly body: string;
      };
    }
  | { readonly id: number; readonly failed: { readonly message: string; readonly code?: string } };
