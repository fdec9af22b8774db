/** The model of the demo, and in words which one that is. */
export interface ChosenModel<Model> {
  readonly model: Model;
  readonly name: string;
}

/** Where a real model comes from. */
export interface Provider<Model> {
  /** The variable with the provider's key. */
  readonly key: string;
  readonly module: string;
  /** Name of the export that makes a model of an id. */
  readonly maker: string;
  readonly id: string;
  readonly make: (maker: Maker<Model>, id: string) => Model;
}

/** A function, or a class, as the package of a provider exports it. */
export type Maker<Model> = ((id: string) => Model) &
  (new (fields: { readonly model: string }) => Model);

/** A real model where there is a key and the provider's package for it, else the scripted one. */
export async function chooseModel<Model>(
  providers: readonly Provider<Model>[],
  scripted: () => Model,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ChosenModel<Model>> {
  const missing: string[] = [];
  for (const provider of providers) {
    const { key, module, id } = provider;
    if ((environment[key] ?? '') === '') continue;
    const model = await loadModel(provider);
    if (model !== undefined) return { model, name: `${id}, because ${key} is set` };
    missing.push(`${key} is set, but ${module} is not installed`);
  }
  const why = missing.length > 0 ? missing.join('; ') : 'no provider key is set';
  return { model: scripted(), name: `scripted (${why})` };
}

async function loadModel<Model>({
  module,
  maker,
  id,
  make,
}: Provider<Model>): Promise<Model | undefined> {
  let loaded: unknown;
  try {
    loaded = await import(module);
  } catch {
    return undefined;
  }
  const found = (loaded as Readonly<Record<string, unknown>>)[maker];
  // What every provider's package for this framework exports under this name.
  return typeof found === 'function' ? make(found as Maker<Model>, id) : undefined;
}
