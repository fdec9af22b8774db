import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { rolldown } from 'rolldown';

import { type Group, type Row, spread } from './figures.ts';

/** Row 6, the other half: what an application that uses all of core ships. */
export async function sizeRows(): Promise<Group> {
  const conditions = [
    { name: 'node', conditions: ['node', 'import', 'default'] },
    { name: 'default', conditions: ['import', 'default'] },
  ];
  const bundles = await Promise.all(conditions.map((each) => bundled(each.conditions)));
  const rows = conditions.map(({ name }, i): Row => {
    const size = gzipSync(bundles[i]?.code ?? '', { level: 9 }).length / 1000;
    return {
      what: `condition "${name}"`,
      figures: { size: spread([size]) },
      targets: [{ statistic: 'size', limit: 20, kind: 'below' }],
    };
  });
  return {
    title:
      'Size: core with every export and all its runtime dependencies, minified and gzipped (-9)',
    notes: conditions.map(({ name }, i) => {
      const { code, modules } = bundles[i] ?? { code: '', modules: [] };
      return `"${name}": ${modules.length} modules (${origins(modules)}), ${(code.length / 1000).toFixed(1)} kB minified by rolldown`;
    }),
    rows,
    times: [],
  };
}

interface Bundle {
  readonly code: string;
  readonly modules: readonly string[];
}

async function bundled(conditionNames: string[]): Promise<Bundle> {
  const bundle = await rolldown({
    input: fileURLToPath(import.meta.resolve('@guardstile/core')),
    platform: 'neutral',
    resolve: { conditionNames },
  });
  try {
    const { output } = await bundle.generate({ format: 'es', minify: true });
    const [chunk, ...rest] = output;
    const outside = [...chunk.imports, ...chunk.dynamicImports];
    if (rest.length > 0 || outside.length > 0) {
      throw new Error(`not everything is in the bundle: ${outside.join(', ')}`);
    }
    return { code: chunk.code, modules: chunk.moduleIds.filter((id) => id.includes('/')) };
  } finally {
    await bundle.close();
  }
}

/** How many modules come from where, such as `core 55, eventemitter3 2`. */
function origins(modules: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const id of modules) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(id)?.[1] ?? 'core';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
