import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { GuardError } from './errors.ts';
import { isToolSchema, parseArgs, type ToolSchema } from './schema.ts';

const standard = (validate: (input: unknown) => unknown): ToolSchema =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as unknown as ToolSchema;
const safe = (safeParse: (input: unknown) => unknown): ToolSchema =>
  ({ safeParse }) as unknown as ToolSchema;

async function failure(schema: ToolSchema, input: unknown = {}): Promise<GuardError> {
  try {
    await parseArgs(schema, input);
  } catch (error) {
    if (error instanceof GuardError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseArgs', () => {
  it('gives what a zod schema makes of the arguments, at once', () => {
    const schema = z.object({
      amount: z.coerce.number(),
      at: z.string().transform((text) => new Date(text)),
    });
    expect(parseArgs(schema, { amount: '5', at: '2026-01-01', extra: 1 })).toEqual({
      amount: 5,
      at: new Date('2026-01-01'),
    });
  });

  it('waits for a zod schema that has to wait', async () => {
    const schema = z.object({ id: z.string().refine(async (id) => id === 'known') });
    await expect(parseArgs(schema, { id: 'known' })).resolves.toEqual({ id: 'known' });
    expect((await failure(schema, { id: 'other' })).code).toBe('args_invalid');
  });

  it('takes any standard schema, waiting or not, and functions that are schemas', async () => {
    expect(
      parseArgs(
        standard((value) => ({ value })),
        5,
      ),
    ).toBe(5);
    await expect(
      parseArgs(
        standard(async (value) => ({ value })),
        5,
      ),
    ).resolves.toBe(5);
    const type = Object.assign(
      () => 'unused',
      standard((value) => ({ value })),
    );
    expect(isToolSchema(type)).toBe(true);
    expect(parseArgs(type, 5)).toBe(5);
  });

  it('accepts that the parsed value is undefined', () => {
    expect(parseArgs(z.undefined(), undefined)).toBeUndefined();
    expect(
      parseArgs(
        standard(() => ({ value: undefined })),
        1,
      ),
    ).toBeUndefined();
  });

  it('says what the schema said, once and with a code', async () => {
    const error = await failure(z.object({ path: z.string() }), { path: 5 });
    expect(error.code).toBe('args_invalid');
    expect(error.message).toContain('expected string');
    const other = await failure(
      standard(() => ({ issues: [{ message: 'too long' }, { message: 'too late' }] })),
    );
    expect(other.message).toContain('too long; too late');
  });

  it.each<[string, ToolSchema]>([
    [
      'throws',
      safe(() => {
        throw new TypeError('broken');
      }),
    ],
    [
      'throws what cannot be read',
      safe(() => {
        throw Object.create(null);
      }),
    ],
    ['answers nothing', safe(() => undefined)],
    ['answers null', safe(() => null)],
    ['answers an empty object', safe(() => ({}))],
    ['answers success without data', safe(() => ({ success: true }))],
    ['answers success that is only true-like', safe(() => ({ success: 'yes', data: 1 }))],
    ['answers a failure without a reason', safe(() => ({ success: false }))],
    ['answers a promise where none is expected', safe(async () => ({ success: true, data: 1 }))],
    [
      'throws as a standard schema',
      standard(() => {
        throw new TypeError('broken');
      }),
    ],
    [
      'rejects as a standard schema',
      standard(async () => {
        throw new TypeError('broken');
      }),
    ],
    ['answers nothing as a standard schema', standard(() => undefined)],
    ['answers nothing later', standard(async () => null)],
    ['answers neither value nor issues', standard(() => ({}))],
    ['answers neither value nor issues later', standard(async () => ({ ok: true }))],
    ['answers issues that are none', standard(() => ({ issues: [] }))],
    ['answers issues and a value', standard(() => ({ issues: [], value: 1 }))],
    ['answers issues that are no list', standard(() => ({ issues: 'many', value: 1 }))],
  ])('refuses with args_invalid when the schema %s', async (_name, schema) => {
    expect((await failure(schema)).code).toBe('args_invalid');
  });

  it('does not take a value from a polluted prototype', async () => {
    const prototype = Object.prototype as Record<string, unknown>;
    prototype['value'] = { admin: true };
    prototype['data'] = { admin: true };
    try {
      expect((await failure(standard(() => ({})))).code).toBe('args_invalid');
      expect((await failure(safe(() => ({ success: true })))).code).toBe('args_invalid');
    } finally {
      delete prototype['value'];
      delete prototype['data'];
    }
  });
});

describe('isToolSchema', () => {
  it.each([
    [z.object({}), true],
    [standard(() => ({ value: 1 })), true],
    [safe(() => ({})), true],
    [{ type: 'object', properties: {} }, false],
    [{ '~standard': {} }, false],
    [{ safeParse: true }, false],
    [null, false],
    [undefined, false],
    ['schema', false],
  ])('of %o is %s', (value, expected) => {
    expect(isToolSchema(value)).toBe(expected);
  });
});
