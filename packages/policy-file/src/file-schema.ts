import type { Capability, Fact } from '@guardstile/core';
import * as z from 'zod';

import type { FileDocument, FragmentDocument, Seen } from './policy-file-document.ts';

export const CAPABILITIES: readonly Capability[] = [
  'readFile',
  'writeFile',
  'executeCode',
  'network',
  'databaseRead',
  'databaseWrite',
  'sendEmail',
];

export const FACTS: readonly [Fact, ...Fact[]] = [
  'readOnly',
  'nonDestructive',
  'edit',
  'destructive',
  'money',
  ...CAPABILITIES,
];

/** The parts of a file that `@guardstile/policy` reads: it says what is wrong with them. */
const body = {
  layer: z.unknown().exactOptional(),
  enforcement: z.unknown().exactOptional(),
  default: z.unknown().exactOptional(),
  mode: z.unknown().exactOptional(),
  allow: z.unknown().exactOptional(),
  deny: z.unknown().exactOptional(),
  optional: z.unknown().exactOptional(),
  capabilities: z.unknown().exactOptional(),
  rules: z.unknown().exactOptional(),
  flow: z.unknown().exactOptional(),
} as const;

export const BODY_KEYS: readonly string[] = Object.keys(body);

const text = z.string().min(1, 'it has to be text');
const literal = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const texts = z.union([text, z.array(text).min(1)]);
const label = z.string().regex(/^[A-Za-z_][\w.-]*$/, 'a name is of letters and digits');

const envDeclaration = z.strictObject({
  type: z.enum(['text', 'number']),
  default: z.union([z.string(), z.number()]).exactOptional(),
});

const given = z.strictObject({
  given: z.enum(['text', 'number']),
  example: z.array(literal).exactOptional(),
});

const seenFields = z.strictObject({
  prompt: z.string().exactOptional(),
  tool: text.exactOptional(),
  source: text.exactOptional(),
  args: z.unknown().exactOptional(),
  result: z.unknown().exactOptional(),
  error: text.exactOptional(),
});

/** Something that a session saw. */
export const seenSchema: z.ZodType<Seen> = z.custom<Seen>().check((one) => {
  const { success, data, error } = seenFields.safeParse(one.value);
  if (!success) one.issues.push(...error.issues.map((issue) => ({ ...issue, input: undefined })));
  else if (!isSeen(data)) {
    one.issues.push({ code: 'custom', input: one.value, message: NOT_SEEN });
  }
});

const NOT_SEEN = 'it is { prompt }, { tool, result } or { tool, error }';

function isSeen(seen: object): boolean {
  const has = (key: string): boolean => Object.hasOwn(seen, key);
  if (has('prompt')) return Object.keys(seen).length === 1;
  return has('tool') && has('result') !== has('error');
}

const tests = z.array(
  z.strictObject({
    name: text.exactOptional(),
    call: text,
    unknown: z.boolean().exactOptional(),
    source: text.exactOptional(),
    args: z.record(z.string(), z.unknown()).exactOptional(),
    as: z
      .strictObject({
        id: text.exactOptional(),
        role: texts.exactOptional(),
        tenant: text.exactOptional(),
        agent: text.exactOptional(),
      })
      .exactOptional(),
    seen: z.array(seenSchema).exactOptional(),
    expect: z.enum(['allow', 'ask', 'deny', 'none']),
    rule: text.exactOptional(),
  }),
);

/** What an included file may hold: nothing that says how the including one is to be read. */
const fragment = {
  version: z.literal(1),
  include: z.array(text).exactOptional(),
  env: z.record(label, envDeclaration).exactOptional(),
  sets: z.record(label, z.union([z.array(literal), given])).exactOptional(),
  facts: z.record(z.string(), z.union([z.enum(FACTS), z.array(z.enum(FACTS))])).exactOptional(),
  deny: z.array(z.unknown()).exactOptional(),
  optional: z.array(z.unknown()).exactOptional(),
  rules: z.array(z.unknown()).exactOptional(),
  // Who answers is said once, where the rest of it is put together.
  flow: z
    .strictObject({
      tools: z.record(z.string(), z.unknown()).exactOptional(),
      rules: z.array(z.unknown()).exactOptional(),
    })
    .exactOptional(),
  tests: tests.exactOptional(),
} as const;

export const fragmentSchema: z.ZodType<FragmentDocument> = z.strictObject(fragment);

const ownPolicy = z.strictObject(body);

/** A whole policy file. */
export const fileSchema: z.ZodType<FileDocument> = z.strictObject({
  ...body,
  ...fragment,
  name: text.exactOptional(),
  revision: z.int().min(1).exactOptional(),
  deny: z.unknown().exactOptional(),
  optional: z.unknown().exactOptional(),
  rules: z.unknown().exactOptional(),
  flow: z.unknown().exactOptional(),
  users: z
    .array(z.strictObject({ id: text, tenant: text.exactOptional(), policy: ownPolicy }))
    .exactOptional(),
  agents: z.array(z.strictObject({ id: text, policy: ownPolicy })).exactOptional(),
});
