import { defineConfig } from 'vitest/config';

/**
 * One run for the whole workspace. Packages are consumed from their `dist`, so `tsc -b` comes first
 * (`npm test` does both); types, `expectTypeOf` included, are checked there and not here.
 */
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'adapters/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/.tmp/**'],
    // Tests start child processes of their own: two workers leave a small machine room for them.
    pool: 'forks',
    maxWorkers: 2,
    // Said explicitly, vitest does not end its summary with advice to switch it off.
    isolate: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // A test that passes only on the second attempt is a bug.
    retry: 0,
    unstubEnvs: true,
    unstubGlobals: true,
    restoreMocks: true,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'adapters/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
    },
  },
});
