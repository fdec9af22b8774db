import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleForEdge, type EdgeBundle } from './bundle.ts';
import { runOnEdge } from './run.ts';

describe('core on a runtime without Node', () => {
  let bundle: EdgeBundle;
  beforeAll(async () => {
    bundle = await bundleForEdge(fileURLToPath(new URL('program.ts', import.meta.url)));
  });

  it('hashes with the portable fallback', () => {
    const files = bundle.modules.map((file) => file.replaceAll('\\', '/'));
    expect(files.some((file) => file.endsWith('/core/dist/hash/noble.js'))).toBe(true);
    expect(files.some((file) => file.endsWith('/core/dist/hash/node.js'))).toBe(false);
  });

  it('names no Node built-in', () => {
    expect(bundle.code).not.toMatch(/node:|getBuiltinModule|\brequire\s*\(/);
  });

  it('allows one call, denies one and verifies the log of both', async () => {
    expect(await runOnEdge(bundle.code)).toEqual({
      nodeGlobals: [],
      allowed: 'hello edge',
      denied: 'denied',
      deniedRan: false,
      verified: true,
    });
  });
});
