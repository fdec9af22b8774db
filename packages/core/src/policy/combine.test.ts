import { describe, expect, it } from 'vitest';
import { CONFIRM } from '../approvals/requirements.ts';
import { allow, ask, deny } from '../decision.ts';
import { combine } from './combine.ts';

const id = 'sha256:0' as const;
const cap = (characters: number) => ({ type: 'cap', characters }) as const;

describe('decisions together', () => {
  it('are a denial where there are none', () => {
    expect(combine(id, [])).toMatchObject({ effect: 'deny', policy: id });
  });

  it('are the only one where there is one', () => {
    const only = allow(id, 'fine');
    expect(combine('sha256:1', [only])).toBe(only);
  });

  it('are the first denial where there is one', () => {
    const denial = deny(id, 'no', 'denied', { rule: 'r' });
    expect(
      combine(id, [allow(id, 'fine'), ask(id, 'sure?', CONFIRM), denial, deny(id, 'never')]),
    ).toBe(denial);
  });

  it('name the rule and the reasons of those that ask', () => {
    const asks = [
      ask(id, 'large', CONFIRM, { rule: 'r1' }),
      ask(id, 'foreign', CONFIRM, { rule: 'r2' }),
      ask(id, 'large', CONFIRM),
    ];
    expect(combine(id, [allow(id, 'fine', { rule: 'r0' }), ...asks])).toMatchObject({
      effect: 'ask',
      reason: 'large; foreign',
      rule: 'r1',
    });
  });

  it('demand once what several demand alike, and keep what they demand differently', () => {
    const limit = { id: 'refunds', max: 5, windowMs: 1000 };
    const both = combine(id, [
      allow(id, 'a', { obligations: [cap(5)], limits: [limit] }),
      allow(id, 'b', {
        obligations: [{ characters: 5, type: 'cap' }, cap(6)],
        limits: [{ ...limit }, { ...limit, max: 4 }],
      }),
    ]);
    expect(both.obligations).toEqual([cap(5), cap(6)]);
    expect(both.limits).toEqual([limit, { ...limit, max: 4 }]);
  });

  it('demand the strongest of every condition', () => {
    const both = combine(id, [
      allow(id, 'a', {
        conditions: { sandbox: { files: 'os', network: 'args' }, durability: 'memory' },
      }),
      allow(id, 'b', { conditions: { durability: 'disk' } }),
      ask(id, 'c', CONFIRM, {
        conditions: { sandbox: { files: 'args', network: 'runtime', cpu: 'os' } },
      }),
      allow(id, 'd'),
    ]);
    expect(both.conditions).toEqual({
      sandbox: { files: 'os', network: 'runtime', cpu: 'os' },
      durability: 'disk',
    });
  });
});
