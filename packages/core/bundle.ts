// One file instead of ninety: loading the modules one by one takes several times as long.
// `#hash` stays an import, so that each runtime takes its own; dependencies stay their own packages.
import { rolldown } from 'rolldown';

const here = new URL('./', import.meta.url).pathname;
const bundle = await rolldown({
  input: `${here}dist/index.js`,
  platform: 'neutral',
  external: ['#hash', 'eventemitter3'],
  onLog: (level, log) => {
    if (level === 'warn') throw new Error(log.message);
  },
});
await bundle.write({ file: `${here}dist/core.js`, format: 'esm', sourcemap: true });
await bundle.close();
