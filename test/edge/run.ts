import { createContext, Script } from 'node:vm';
import type { EdgeReport } from './program.ts';

/**
 * Runs a bundled edge program in a context that has the language and a few web standards, and
 * neither `process`, `require`, `Buffer` nor code from strings.
 */
export async function runOnEdge(code: string): Promise<EdgeReport> {
  const context = createContext(edgeGlobals(), {
    name: 'edge',
    codeGeneration: { strings: false, wasm: false },
  });
  new Script(ownRealm).runInContext(context);
  new Script(code, { filename: 'edge.js' }).runInContext(context);
  const report: unknown = await new Script('edge.run()').runInContext(context);
  return report as EdgeReport; // the program's own return type
}

/** On an edge runtime there is one realm: what encodes text answers the program's own `Uint8Array`. */
const ownRealm = `{
  const encoder = new TextEncoder();
  globalThis.TextEncoder = class TextEncoder {
    encode(text) { return Uint8Array.from(encoder.encode(text)); }
  };
}`;

function edgeGlobals(): Record<string, unknown> {
  return {
    AbortController,
    AbortSignal,
    TextEncoder,
    clearTimeout,
    crypto,
    performance,
    queueMicrotask,
    // Timers are numbers on the web: no `unref`, no `Symbol.dispose`.
    setTimeout: (callback: () => void, delay?: number): number => +setTimeout(callback, delay),
    structuredClone,
  };
}
