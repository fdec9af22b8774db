export function double({ n }: { readonly n: number }): number {
  return n * 2;
}

export function computes(): never {
  for (;;);
}
