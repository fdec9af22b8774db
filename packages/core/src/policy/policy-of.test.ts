import { describe, expect, it } from 'vitest';
import { allowAll } from './allow-all.ts';
import { policyOf } from './policy-of.ts';
import { standardPolicy } from './standard.ts';

const refused = (code: string): unknown => expect.objectContaining({ code });

describe('policyOf', () => {
  it('takes a policy as it is and a function as a policy', () => {
    const policy = allowAll();
    expect(policyOf(policy)).toBe(policy);
    expect(policyOf(() => 'allow')).toMatchObject({ layer: 'grants' });
    expect(policyOf(() => 'allow', 'restricts')).toMatchObject({ layer: 'restricts' });
  });

  it('keeps what a granting policy asks and denies where it is only to restrict', () => {
    const policy = policyOf(standardPolicy({ deny: ['x'] }), 'restricts');
    expect(policy.layer).toBe('restricts');
    expect(policy.digest({})).toBe(standardPolicy({ deny: ['x'] }).digest({}));
    const facts = { effect: 'unknown', money: false, capabilities: [], why: '' } as const;
    expect(policy.resolve({ identity: { source: 'app', name: 'x' }, facts })).toMatchObject({
      effect: 'deny',
    });
  });

  it.each([[undefined], [null]])('says that a policy is missing where it is given %s', (input) => {
    expect(() => policyOf(input)).toThrow(refused('policy_missing'));
  });

  it.each<[string, unknown]>([
    ['a text', 'allow'],
    ['true', true],
    ['an empty object', {}],
    ['options of a policy', { mode: 'default' }],
    ['a list of policies', [allowAll()]],
    ['a policy of another layer', { ...allowAll(), layer: 'permits' }],
    ['a policy without a digest', { ...allowAll(), digest: undefined }],
    ['a policy without rules', { ...allowAll(), resolve: undefined }],
    ['a policy without a name', { ...allowAll(), name: 5 }],
    ['a policy that is only inherited', Object.create(allowAll())],
  ])('refuses %s', (_name, input) => {
    expect(() => policyOf(input)).toThrow(refused('policy_invalid'));
  });
});
