import { allowAll } from '@guardstile/core';
import { dynamicTool, tool, toolSearch } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { withGuard } from './index.ts';

const inputSchema = z.object({ city: z.string() });
const execute = async () => 'sunny';

const guarded = <T extends object>(given: T): T => withGuard({ given }, allowAll()).given;

/** All members but the one that a guarded tool has of its own. */
function membersOf(object: object): ReadonlyArray<[string | symbol, PropertyDescriptor]> {
  return Reflect.ownKeys(object).flatMap((key): Array<[string | symbol, PropertyDescriptor]> => {
    const member = Object.getOwnPropertyDescriptor(object, key);
    return key === 'execute' || member === undefined ? [] : [[key, member]];
  });
}

describe('a guarded tool', () => {
  const shapes: ReadonlyArray<[string, object]> = [
    ['tool()', tool({ description: 'Weather', inputSchema, execute, metadata: { from: 'here' } })],
    ['dynamicTool()', dynamicTool({ inputSchema, execute })],
    [
      'a tool of everything',
      tool({
        description: () => 'Weather',
        inputSchema,
        outputSchema: z.string(),
        strict: true,
        inputExamples: [{ input: { city: 'Bern' } }],
        providerOptions: { some: { flag: true } },
        onInputStart: () => undefined,
        onInputDelta: () => undefined,
        onInputAvailable: () => undefined,
        toModelOutput: () => ({ type: 'text', value: 'sunny' }),
        execute,
      }),
    ],
    ['a tool of an MCP client', { inputSchema, execute, type: 'dynamic', _meta: { ui: true } }],
    ['a frozen tool', Object.freeze({ inputSchema, execute, type: 'function' })],
    ['a tool without a prototype', Object.assign(Object.create(null), { inputSchema, execute })],
  ];

  it.each(shapes)('has every member that the tool has: %s', (_, given) => {
    const clone = guarded(given);
    expect(clone).not.toBe(given);
    expect(Object.keys(clone)).toEqual(Object.keys(given));
    const open = Object.isFrozen(given) ? { writable: true, configurable: true } : {};
    const expected = membersOf(given).map(([key, member]) => [key, { ...member, ...open }]);
    expect(membersOf(clone)).toEqual(expected);
  });

  it('has an execute of its own that can be replaced', () => {
    const clone: { readonly execute: unknown } = guarded(Object.freeze({ inputSchema, execute }));
    expect(clone.execute).not.toBe(execute);
    expect(Object.getOwnPropertyDescriptor(clone, 'execute')).toMatchObject({
      enumerable: true,
      configurable: true,
      writable: true,
    });
  });

  it('has symbols', () => {
    const search = toolSearch();
    const clone = guarded(search);
    const symbols = Object.getOwnPropertySymbols(search);
    expect(symbols).toHaveLength(3);
    for (const symbol of symbols) {
      expect(Reflect.get(clone, symbol)).toBe(Reflect.get(search, symbol));
    }
  });

  it('has hidden members, as hidden as they were', () => {
    const given = Object.defineProperty({ inputSchema, execute }, 'hidden', { value: 7 });
    const clone = guarded(given);
    expect(Reflect.get(clone, 'hidden')).toBe(7);
    expect(Object.keys(clone)).toEqual(['inputSchema', 'execute']);
  });

  it('has getters that stay alive and are read on the tool itself', () => {
    let reads = 0;
    const given = {
      execute,
      level: 1,
      get inputSchema() {
        reads += 1;
        return inputSchema;
      },
      get double() {
        return this.level * 2;
      },
      set double(value: number) {
        this.level = value / 2;
      },
    };
    const clone = guarded(given);
    expect(reads).toBe(0);
    expect(clone.inputSchema).toBe(inputSchema);
    given.level = 4;
    expect(clone.double).toBe(8);
    clone.double = 10;
    expect(given.level).toBe(5);
  });

  it('has what a class gives it, with its private fields and its ancestors', () => {
    class Base {
      readonly #greeting = 'so: ';
      readonly inputSchema = inputSchema;
      get description() {
        return `${this.#greeting}weather`;
      }
      toModelOutput({ output }: { readonly output: unknown }) {
        return { type: 'text', value: this.#greeting + String(output) };
      }
    }
    class Weather extends Base {
      readonly #answer = 'sunny';
      override toModelOutput(given: { readonly output: unknown }) {
        return { ...super.toModelOutput(given), from: this.#answer };
      }
      execute() {
        return this.#answer;
      }
    }
    const clone = guarded(new Weather());
    expect(clone.execute()).toBe('sunny');
    expect(clone.description).toBe('so: weather');
    expect(clone.toModelOutput({ output: 'rain' })).toEqual({
      type: 'text',
      value: 'so: rain',
      from: 'sunny',
    });
    expect(Object.keys(clone)).toContain('execute');
  });

  it('does not pretend to be of the class, whose methods would not work on it', () => {
    class Weather {
      readonly inputSchema = inputSchema;
      execute() {
        return 'sunny';
      }
    }
    expect(Object.hasOwn(guarded(new Weather()), 'constructor')).toBe(false);
  });

  it('takes an execute that is a getter once, so that no second reading gives another', async () => {
    let reads = 0;
    const given = {
      inputSchema,
      get execute() {
        reads += 1;
        const read = reads;
        return () => read;
      },
    };
    const clone = guarded(given);
    const read = reads;
    expect(clone.execute()).toBe(clone.execute());
    expect(reads).toBe(read);
  });
});
