/** What is used of WebAssembly, which neither the language's library nor Node's types declare. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => object;
}

// Every runtime that runs this has it.
const { WebAssembly: api } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

export const webAssembly: WebAssemblyApi = api;
