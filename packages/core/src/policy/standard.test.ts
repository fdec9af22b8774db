import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Effect } from '../decision.ts';
import { type ToolEffect, factsOf } from '../facts.ts';
import type { Policy, ToolInfo } from './policy.ts';
import { type Mode, standardPolicy, type StandardPolicyOptions } from './standard.ts';

const EFFECTS: readonly ToolEffect[] = [
  'readOnly',
  'nonDestructive',
  'edit',
  'destructive',
  'unknown',
];
const TABLE: Readonly<Record<Mode, Readonly<Record<ToolEffect, Effect>>>> = {
  default: {
    readOnly: 'allow',
    nonDestructive: 'allow',
    edit: 'ask',
    destructive: 'ask',
    unknown: 'ask',
  },
  acceptEdits: {
    readOnly: 'allow',
    nonDestructive: 'allow',
    edit: 'allow',
    destructive: 'ask',
    unknown: 'ask',
  },
  bypassPermissions: {
    readOnly: 'allow',
    nonDestructive: 'allow',
    edit: 'allow',
    destructive: 'allow',
    unknown: 'allow',
  },
  readOnly: {
    readOnly: 'allow',
    nonDestructive: 'deny',
    edit: 'deny',
    destructive: 'deny',
    unknown: 'deny',
  },
  dontAsk: {
    readOnly: 'allow',
    nonDestructive: 'allow',
    edit: 'deny',
    destructive: 'deny',
    unknown: 'deny',
  },
};
const MODES = Object.keys(TABLE) as Mode[];
const ALL = MODES.flatMap((mode) => EFFECTS.map((effect) => [mode, effect] as const));

function toolWith(effect: ToolEffect, name = 'tool'): ToolInfo {
  return {
    identity: { source: 'app', name },
    facts: { effect, money: false, capabilities: [], why: 'for a reason' },
  };
}

function decided(policy: Policy, tool: ToolInfo): { effect: Effect; reason: string } {
  const ruling = policy.resolve(tool);
  if (typeof ruling !== 'object')
    throw new Error('it does not decide for all calls of a tool at once');
  return ruling;
}

describe('the standard policy', () => {
  it.each(ALL)('in mode %s decides a tool that is %s by the table', (mode, effect) => {
    expect(decided(standardPolicy({ mode }), toolWith(effect)).effect).toBe(TABLE[mode][effect]);
  });

  it.each(ALL)('in mode %s lets an allow list only filter a tool that is %s', (mode, effect) => {
    const policy = standardPolicy({ mode, allow: ['tool'] });
    expect(decided(policy, toolWith(effect)).effect).toBe(TABLE[mode][effect]);
    expect(decided(policy, toolWith(effect, 'other'))).toMatchObject({
      effect: 'deny',
      reason: 'it is not on the allow list',
    });
    expect(decided(standardPolicy({ mode, allow: [] }), toolWith(effect)).effect).toBe('deny');
    expect(decided(standardPolicy({ mode, deny: [] }), toolWith(effect)).effect).toBe(
      TABLE[mode][effect],
    );
  });

  it.each(ALL)(
    'in mode %s lets the deny list beat everything for a tool that is %s',
    (mode, effect) => {
      for (const allow of [undefined, ['tool'], []]) {
        const policy = standardPolicy({
          mode,
          deny: ['tool'],
          ...(allow === undefined ? {} : { allow }),
        });
        expect(decided(policy, toolWith(effect))).toMatchObject({
          effect: 'deny',
          reason: 'it is on the deny list',
        });
      }
    },
  );

  it('asks the requester, and says why', () => {
    const policy = standardPolicy();
    expect(
      policy.resolve({ identity: { source: 'app', name: 'tool' }, facts: factsOf('tool', {}) }),
    ).toMatchObject({
      effect: 'ask',
      reason: expect.stringContaining('facts: { "tool": \'readOnly\'') as string,
      requirements: { votes: [{ kind: 'confirm' }] },
    });
    expect(decided(policy, toolWith('edit')).reason).toBe('it changes files (for a reason)');
    expect(decided(policy, toolWith('destructive')).reason).toBe(
      'it is destructive (for a reason)',
    );
    expect(decided(standardPolicy({ mode: 'dontAsk' }), toolWith('destructive')).reason).toBe(
      'it is destructive (for a reason), and this mode does not ask',
    );
  });

  it('without options, strict, and in mode default are one policy', () => {
    const ids = [
      standardPolicy(),
      standardPolicy({}),
      standardPolicy.strict(),
      standardPolicy({ mode: 'default' }),
    ];
    expect(new Set(ids.map((policy) => policy.digest({}))).size).toBe(1);
    for (const effect of EFFECTS) {
      expect(decided(standardPolicy.strict(), toolWith(effect)).effect).toBe(TABLE.default[effect]);
    }
  });

  it('takes names literally: no pattern, no case, no part of a name', () => {
    const policy = standardPolicy({ mode: 'bypassPermissions', deny: ['rm', 'rm*', 'DROP', ''] });
    for (const name of ['rmdir', 'RM', 'rm ', 'drop', 'rm\u0000', 'constructor', '__proto__']) {
      expect(decided(policy, toolWith('readOnly', name)).effect).toBe('allow');
    }
    expect(decided(policy, toolWith('readOnly', 'rm*')).effect).toBe('deny');
    expect(
      decided(
        standardPolicy({ mode: 'bypassPermissions', allow: ['x'] }),
        toolWith('readOnly', '__proto__'),
      ).effect,
    ).toBe('deny');
  });

  it('takes every list of names, once, at the start', () => {
    const names = ['tool'];
    const list = [names, new Set(names), new Map([['tool', 1]]).keys(), names.values()];
    for (const deny of list) {
      const policy = standardPolicy({ mode: 'bypassPermissions', deny });
      expect(decided(policy, toolWith('readOnly')).effect).toBe('deny');
      expect(decided(policy, toolWith('readOnly')).effect).toBe('deny');
    }
    const policy = standardPolicy({ mode: 'bypassPermissions', deny: names });
    names.length = 0;
    expect(decided(policy, toolWith('readOnly')).effect).toBe('deny');
  });

  it.each<[string, unknown]>([
    ['an unknown mode', { mode: 'bypass' }],
    ['a mode that every object has', { mode: 'constructor' }],
    ['a mode in other letters', { mode: 'ReadOnly' }],
    ['a mode of null', { mode: null }],
    ['a misspelt deny list', { denied: ['rm'] }],
    ['a deny list in Python', { denied_tools: ['rm'] }],
    ['a text instead of a list', { deny: 'rm' }],
    ['null instead of a list', { allow: null }],
    ['an object instead of a list', { deny: { rm: true } }],
    ['names that are no texts', { deny: ['rm', 5] }],
    ['a hole in a list', { deny: Object.assign([], { length: 1 }) }],
    ['patterns', { deny: [/rm/] }],
    ['a list instead of options', ['rm']],
    ['null instead of options', null],
    ['a text instead of options', 'bypassPermissions'],
  ])('refuses %s', (_name, options) => {
    expect(() => standardPolicy(options as StandardPolicyOptions)).toThrow(
      expect.objectContaining({ code: 'policy_invalid' }),
    );
  });

  it('has a digest that changes with the meaning and with nothing else', () => {
    const names = fc.option(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', '["a"]')), {
      nil: undefined,
    });
    const options = fc.record({ mode: fc.constantFrom(...MODES), allow: names, deny: names });
    const clean = ({
      mode,
      allow,
      deny,
    }: {
      mode: Mode;
      allow: string[] | undefined;
      deny: string[] | undefined;
    }): StandardPolicyOptions => ({
      mode,
      ...(allow === undefined ? {} : { allow }),
      ...(deny === undefined ? {} : { deny }),
    });
    const meaning = (o: StandardPolicyOptions): string =>
      JSON.stringify([
        o.mode,
        o.allow === undefined ? null : [...o.allow].sort(),
        [...(o.deny ?? [])].sort(),
      ]);
    fc.assert(
      fc.property(options.map(clean), options.map(clean), (a, b) => {
        const same = standardPolicy(a).digest({}) === standardPolicy(b).digest({});
        expect(same).toBe(meaning(a) === meaning(b));
        const reversed = {
          ...a,
          ...(a.allow === undefined ? {} : { allow: [...a.allow, ...a.allow].reverse() }),
        };
        expect(standardPolicy(reversed).digest({})).toBe(standardPolicy(a).digest({}));
      }),
    );
  });
});

describe('with a polluted Object.prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;

  afterEach(() => {
    for (const key of ['mode', 'allow', 'deny']) delete prototype[key];
  });

  it('the standard policy takes neither mode nor lists from there', () => {
    prototype['mode'] = 'bypassPermissions';
    prototype['allow'] = ['tool'];
    prototype['deny'] = [];
    const given = decided(standardPolicy({}), toolWith('destructive', 'other'));
    const strict = decided(standardPolicy.strict(), toolWith('destructive', 'other'));
    for (const key of ['mode', 'allow', 'deny']) delete prototype[key];
    expect([given.effect, strict.effect]).toEqual(['ask', 'ask']);
  });
});
