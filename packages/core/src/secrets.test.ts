import { afterEach, describe, expect, it, vi } from 'vitest';
import { envSecrets, staticSecrets } from './secrets.ts';

describe('static secrets', () => {
  it('are those given at first and those stored since', () => {
    const initial = { A: '1' };
    const secrets = staticSecrets(initial);
    initial.A = 'changed';
    secrets.store('B', '2');
    secrets.store('B', '3');
    expect([secrets.get('A', {}), secrets.get('B', {}), secrets.get('C', {})]).toEqual([
      '1',
      '3',
      undefined,
    ]);
  });

  it('hold nothing that every object inherits', () => {
    const secrets = staticSecrets();
    expect(['constructor', '__proto__', 'toString'].map((name) => secrets.get(name, {}))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    secrets.store('__proto__', 'mine');
    expect(secrets.get('__proto__', {})).toBe('mine');
    expect(staticSecrets().get('mine', {})).toBeUndefined();
  });
});

describe('secrets from the environment', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  it('are read when they are needed', () => {
    const secrets = envSecrets();
    expect(secrets.get('GUARDSTILE_TEST_SECRET', {})).toBeUndefined();
    vi.stubEnv('GUARDSTILE_TEST_SECRET', 'value');
    expect(secrets.get('GUARDSTILE_TEST_SECRET', {})).toBe('value');
  });

  it('come from the given environment alone, where one is given', () => {
    vi.stubEnv('GUARDSTILE_TEST_SECRET', 'process');
    expect(envSecrets({}).get('GUARDSTILE_TEST_SECRET', {})).toBeUndefined();
    expect(envSecrets({ A: 'given' }).get('A', {})).toBe('given');
  });

  it('hold nothing that every object inherits', () => {
    expect(envSecrets().get('constructor', {})).toBeUndefined();
    expect(envSecrets({}).get('toString', {})).toBeUndefined();
  });

  it('are none where there is no process', () => {
    vi.stubGlobal('process', undefined);
    expect(envSecrets().get('PATH', {})).toBeUndefined();
  });
});
