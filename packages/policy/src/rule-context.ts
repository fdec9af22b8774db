import type { CallContext, SafeParseSchema, StandardSchema } from '@guardstile/core';

import { ignoreFailure } from './ignore-failure.ts';

/** What checks the attributes of principals: zod, Valibot, ArkType, or anything of Standard Schema. */
export type AttributesSchema = SafeParseSchema | StandardSchema;

/** Gives a rule's `when` the context that its types promise, or throws where it is another one. */
export type ContextForRules = (context: CallContext) => CallContext;

export function contextForRules(schema: AttributesSchema | undefined): ContextForRules {
  const known = new WeakMap<object, CallContext>();
  return (context) => {
    const principal = Object.hasOwn(context, 'principal') ? context.principal : undefined;
    if (principal === undefined) return withoutPrincipal(context);
    if (schema === undefined) return context;
    const before = known.get(context);
    if (before !== undefined) return before;
    const { attributes } = principal;
    const parsed = parse(schema, attributes === undefined ? {} : attributes);
    const checked = Object.freeze({
      ...context,
      principal: Object.freeze({ ...principal, attributes: parsed }),
    });
    // Only what nobody can change any more is the same next time.
    if ([context, principal, attributes].every(Object.isFrozen)) known.set(context, checked);
    return checked;
  };
}

/** Whoever looks for the principal fails; who does not need it can go on. */
function withoutPrincipal(context: CallContext): CallContext {
  return Object.defineProperty({ ...context }, 'principal', {
    get() {
      throw new Error('the call has no principal');
    },
  });
}

function parse(schema: AttributesSchema, value: unknown): Readonly<Record<string, unknown>> {
  const result: unknown =
    'safeParse' in schema ? schema.safeParse(value) : schema['~standard'].validate(value);
  ignoreFailure(() => result); // one that takes its time is refused below
  const own: Record<string, unknown> = Object.assign(
    Object.create(null) as Record<string, unknown>,
    result,
  );
  const fits = own['success'] === true || ('value' in own && own['issues'] === undefined);
  const parsed = 'value' in own ? own['value'] : own['data'];
  if (fits && typeof parsed === 'object' && parsed !== null) {
    return parsed as Readonly<Record<string, unknown>>; // checked right above
  }
  throw new Error('the attributes of the principal do not fit their schema');
}
