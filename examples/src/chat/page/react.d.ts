// The few types of React that the page needs; with @types/react installed this file goes.
declare module 'react' {
  export type Key = string | number;
  export type Node = unknown;
  export function useState<T>(initial: T): readonly [T, (next: T) => void];
  export function useEffect(
    effect: () => (() => void) | undefined,
    inputs: readonly unknown[],
  ): void;
}

declare module 'react/jsx-runtime' {
  interface Attributes {
    readonly key?: string | number;
    readonly children?: unknown;
    readonly [name: string]: unknown;
  }
  export namespace JSX {
    type Element = unknown;
    interface IntrinsicAttributes {
      readonly key?: string | number;
    }
    interface IntrinsicElements {
      readonly dialog: Attributes & { readonly ref?: (element: HTMLDialogElement | null) => void };
      readonly form: Attributes & { readonly action?: (form: FormData) => void };
      readonly [name: string]: Attributes;
    }
  }
}

declare module 'react-dom/client' {
  export function createRoot(root: Element): { render(node: unknown): void };
}
