import type { LanguageModel } from 'ai';

import { demoModel } from './scripted-model.ts';

/** The model of the demo, and in words which one that is. */
export interface ChosenModel {
  readonly model: LanguageModel;
  readonly name: string;
}

interface Provider {
  readonly key: string;
  readonly module: string;
  /** Name of the export that makes a model of an id. */
  readonly maker: string;
  readonly id: string;
}

const PROVIDERS: readonly Provider[] = [
  { key: 'OPENAI_API_KEY', module: '@ai-sdk/openai', maker: 'openai', id: 'gpt-5-mini' },
  {
    key: 'ANTHROPIC_API_KEY',
    module: '@ai-sdk/anthropic',
    maker: 'anthropic',
    id: 'claude-haiku-4-5',
  },
  { key: 'AI_GATEWAY_API_KEY', module: 'ai', maker: 'gateway', id: 'openai/gpt-5-mini' },
];

/** A real model where there is a key and the provider's package for it, else the scripted one. */
export async function chooseModel(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ChosenModel> {
  const missing: string[] = [];
  for (const { key, module, maker, id } of PROVIDERS) {
    if ((environment[key] ?? '') === '') continue;
    const model = await loadModel(module, maker, id);
    if (model !== undefined) return { model, name: `${id}, because ${key} is set` };
    missing.push(`${key} is set, but ${module} is not installed`);
  }
  const why = missing.length > 0 ? missing.join('; ') : 'no provider key is set';
  return { model: demoModel(), name: `scripted (${why})` };
}

async function loadModel(
  module: string,
  maker: string,
  id: string,
): Promise<LanguageModel | undefined> {
  let loaded: unknown;
  try {
    loaded = await import(module);
  } catch {
    return undefined;
  }
  const make = (loaded as Readonly<Record<string, unknown>>)[maker];
  // What every provider package of the SDK exports under its own name.
  return typeof make === 'function' ? (make as (id: string) => LanguageModel)(id) : undefined;
}
