import type { RegexEngine } from './regex-engine.ts';

interface NodeModule {
  createRequire(url: string): (name: 're2js') => { readonly RE2JS: RegexEngine };
}

declare const process: { getBuiltinModule(id: 'node:module'): NodeModule };

/** Loaded by the first policy that has a regular expression: it takes longer than all the rest. */
export function regexEngine(): RegexEngine {
  const { url } = import.meta as unknown as { readonly url: string }; // Node's types are not here
  return process.getBuiltinModule('node:module').createRequire(url)('re2js').RE2JS;
}
