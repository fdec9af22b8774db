import { rolldown } from 'rolldown';

/** A program and everything it imports as one script that defines the global `edge`. */
export interface EdgeBundle {
  readonly code: string;
  /** Absolute paths of the files in the bundle. */
  readonly modules: readonly string[];
}

/**
 * Bundles an entry file as a bundler for an edge runtime does: only the conditions `import` and
 * `default`, so `#hash` is the noble fallback. An import that stays outside the bundle, a Node
 * built-in for instance, is an error.
 */
export async function bundleForEdge(
  entry: string,
  options: { readonly minify?: boolean } = {},
): Promise<EdgeBundle> {
  const { minify = false } = options;
  const bundle = await rolldown({
    input: entry,
    platform: 'neutral',
    resolve: { conditionNames: ['import', 'default'] },
    onLog: (level, log) => {
      if (level === 'warn')
        throw new Error(`The edge bundle is not self-contained: ${log.message}`);
    },
  });
  try {
    const { output } = await bundle.generate({ format: 'iife', name: 'edge', minify });
    const [chunk, ...rest] = output;
    const outside = [...chunk.imports, ...chunk.dynamicImports];
    if (rest.length > 0 || outside.length > 0) {
      throw new Error(`The edge bundle is not self-contained: ${outside.join(', ')}`);
    }
    return { code: chunk.code, modules: chunk.moduleIds };
  } finally {
    await bundle.close();
  }
}
