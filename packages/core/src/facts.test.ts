import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { GuardError } from './errors.ts';
import { type Fact, factsOf, type ToolAnnotations, type ToolEffect } from './facts.ts';

/** `unknown` counts as destructive. */
const RISK: Readonly<Record<ToolEffect, number>> = {
  readOnly: 0,
  nonDestructive: 1,
  edit: 2,
  destructive: 3,
  unknown: 3,
};

const FACTS: readonly Fact[] = [
  'readOnly',
  'nonDestructive',
  'edit',
  'destructive',
  'money',
  'readFile',
  'writeFile',
  'executeCode',
  'network',
  'databaseRead',
  'databaseWrite',
  'sendEmail',
];

const hint = fc.option(fc.boolean(), { nil: undefined });
const annotations: fc.Arbitrary<ToolAnnotations> = fc.record({
  readOnlyHint: hint,
  destructiveHint: hint,
  idempotentHint: hint,
  openWorldHint: hint,
});
const name = fc.oneof(
  fc.constantFrom(
    'readFile',
    'get',
    'list',
    'deleteUser',
    'saveNote',
    'refund',
    'run_report',
    'search',
    'query',
  ),
  fc.string(),
);
const stated = fc.uniqueArray(fc.constantFrom(...FACTS), { maxLength: 4 });

describe('the developer’s word', () => {
  it.each<[Fact, ToolEffect]>([
    ['readOnly', 'readOnly'],
    ['nonDestructive', 'nonDestructive'],
    ['edit', 'edit'],
    ['destructive', 'destructive'],
    ['money', 'destructive'],
    ['readFile', 'readOnly'],
    ['writeFile', 'edit'],
    ['executeCode', 'destructive'],
    ['databaseRead', 'readOnly'],
    ['databaseWrite', 'destructive'],
    ['sendEmail', 'destructive'],
    ['network', 'unknown'],
  ])('%s alone makes a tool %s', (fact, effect) => {
    expect(factsOf('tool', { stated: fact }).effect).toBe(effect);
    expect(factsOf('tool', { stated: [fact] }).effect).toBe(effect);
  });

  it('counts at its worst where there are several', () => {
    expect(factsOf('tool', { stated: ['readOnly', 'edit', 'nonDestructive'] }).effect).toBe('edit');
    expect(factsOf('tool', { stated: ['readOnly', 'money'] })).toMatchObject({
      effect: 'destructive',
      money: true,
    });
  });

  it('goes before name and annotations, which can still add what the tool reaches', () => {
    const facts = factsOf('run_report', {
      stated: 'readOnly',
      annotations: { destructiveHint: true },
      trusted: true,
    });
    expect(facts).toEqual({
      effect: 'readOnly',
      money: false,
      capabilities: ['executeCode'],
      why: 'stated by the developer',
    });
    expect(factsOf('refundPolicyText', { stated: 'readOnly' }).money).toBe(false);
  });

  it('leaves the effect to the name and the annotations where it says nothing of it', () => {
    expect(factsOf('refundPayment', { stated: ['network'] })).toMatchObject({
      effect: 'destructive',
      money: true,
    });
    expect(
      factsOf('list', { stated: ['network'], annotations: { readOnlyHint: true }, trusted: true })
        .effect,
    ).toBe('readOnly');
    expect(factsOf('list', { stated: [] }).effect).toBe('unknown');
  });

  it.each<[string, unknown]>([
    ['a misspelt word', 'readonly'],
    ['one misspelt word among others', ['readOnly', 'desructive']],
    ['a word that every object has', 'constructor'],
    ['__proto__', ['__proto__']],
    ['a number', 5],
    ['null', null],
    ['an object', { readOnly: true }],
    ['a list in a list', [['readOnly']]],
    ['a hole', [, 'readOnly']], // oxlint-disable-line no-sparse-arrays
  ])('is refused when it is %s', (_name, words) => {
    const state = (): unknown => factsOf('tool', { stated: words as Fact });
    expect(state).toThrow(GuardError);
    expect(state).toThrow(expect.objectContaining({ code: 'facts_invalid', tool: 'tool' }));
    expect(state).toThrow(/use readOnly, nonDestructive/);
  });
});

describe('a tool of which nothing is stated', () => {
  it('is unknown, and says which fact is missing', () => {
    const facts = factsOf('get "x"', {});
    expect(facts.effect).toBe('unknown');
    expect(facts.why).toContain(
      `facts: { "get \\"x\\"": 'readOnly' | 'nonDestructive' | 'edit' | 'destructive' }`,
    );
  });

  it.each(['readFile', 'getDeletedItems', 'search_docs', 'query', 'list', 'cat', 'fetch'])(
    'is not made safe by its name: %s',
    (harmless) => {
      expect(factsOf(harmless, {}).effect).toBe('unknown');
    },
  );

  it('is known to be destructive where its name says so', () => {
    expect(factsOf('deleteUser', {})).toMatchObject({
      effect: 'destructive',
      capabilities: ['databaseWrite'],
      why: 'its name suggests databaseWrite',
    });
    expect(factsOf('refund', {})).toMatchObject({ effect: 'destructive', money: true });
  });
});

describe('annotations', () => {
  it.each<[ToolAnnotations, ToolEffect]>([
    [{ readOnlyHint: true }, 'readOnly'],
    [{ readOnlyHint: true, destructiveHint: false }, 'readOnly'],
    [{ readOnlyHint: true, destructiveHint: true }, 'destructive'],
    [{ destructiveHint: false }, 'nonDestructive'],
    [{ readOnlyHint: false, destructiveHint: false }, 'nonDestructive'],
    [{ readOnlyHint: false }, 'destructive'],
    [{}, 'destructive'],
    [{ destructiveHint: true }, 'destructive'],
  ])('%j of a trusted source make a tool %s', (given, effect) => {
    expect(factsOf('list', { annotations: given, trusted: true }).effect).toBe(effect);
  });

  it('of a trusted source do not go before a name that says worse', () => {
    const trusted = { annotations: { readOnlyHint: true }, trusted: true };
    expect(factsOf('deleteUser', trusted).effect).toBe('destructive');
    expect(factsOf('saveNote', trusted).effect).toBe('edit');
    expect(factsOf('readNote', trusted).effect).toBe('readOnly');
  });

  it('are only true or false: "true" is neither', () => {
    const given = { readOnlyHint: 'true', destructiveHint: 0 } as unknown as ToolAnnotations;
    expect(factsOf('list', { annotations: given, trusted: true }).effect).toBe('destructive');
  });
});

describe('facts', () => {
  it('are never made safer by an untrusted annotation', () => {
    fc.assert(
      fc.property(name, stated, annotations, (tool, facts, given) => {
        const without = factsOf(tool, { stated: facts });
        const hinted = factsOf(tool, { stated: facts, annotations: given });
        const distrusted = factsOf(tool, { stated: facts, annotations: given, trusted: false });
        expect(RISK[hinted.effect]).toBeGreaterThanOrEqual(RISK[without.effect]);
        expect(distrusted).toEqual(hinted);
        expect(hinted.money).toBe(without.money);
        expect(hinted.capabilities).toEqual(without.capabilities);
      }),
    );
  });

  it('are never made safer by a name', () => {
    fc.assert(
      fc.property(name, stated, annotations, fc.boolean(), (tool, facts, given, trusted) => {
        const sources = { stated: facts, annotations: given, trusted };
        const nameless = factsOf('x', sources);
        const named = factsOf(tool, sources);
        expect(RISK[named.effect]).toBeGreaterThanOrEqual(RISK[nameless.effect]);
        expect(named.money || !nameless.money).toBe(true);
        expect(named.capabilities).toEqual(expect.arrayContaining([...nameless.capabilities]));
      }),
    );
  });

  it('of the developer about the effect are never changed by anything else', () => {
    fc.assert(
      fc.property(name, stated, annotations, fc.boolean(), (tool, facts, given, trusted) => {
        const alone = factsOf('x', { stated: facts });
        if (alone.effect === 'unknown') return;
        const all = factsOf(tool, { stated: facts, annotations: given, trusted });
        expect([all.effect, all.money]).toEqual([alone.effect, alone.money]);
      }),
    );
  });
});

describe('with a polluted Object.prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;

  afterEach(() => {
    delete prototype['readOnlyHint'];
    delete prototype['destructiveHint'];
  });

  it('annotations do not inherit that a tool is safe', () => {
    prototype['readOnlyHint'] = true;
    prototype['destructiveHint'] = false;
    expect(factsOf('list', { annotations: {}, trusted: true }).effect).toBe('destructive');
  });
});
