import { describe, expect, it } from 'vitest';
import { allowAll } from './allow-all.ts';
import { standardPolicy } from './standard.ts';

const tool = {
  identity: { source: 'app', name: 'rm' },
  facts: { effect: 'destructive', money: true, capabilities: [], why: 'its name' },
} as const;

describe('allowAll', () => {
  it('allows everything and demands nothing', () => {
    expect(allowAll().resolve(tool)).toMatchObject({
      effect: 'allow',
      obligations: [],
      limits: [],
      conditions: {},
    });
  });

  it('grants, under a digest that tells it from a policy that only happens to allow', () => {
    expect(allowAll().layer).toBe('grants');
    expect(allowAll().digest({})).toBe(allowAll().digest({ agent: 'x' }));
    expect(allowAll().digest({})).not.toBe(
      standardPolicy({ mode: 'bypassPermissions' }).digest({}),
    );
  });
});
