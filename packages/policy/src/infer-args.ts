/** What arguments are where their types say nothing. */
export type AnyArgs = Readonly<Record<string, unknown>>;

/**
 * The types of arguments by name of tool: for a record of tools or schemas, or a list of tools that
 * have names.
 */
export type ArgsByTool<Tools> = Tools extends readonly (infer Tool)[]
  ? { readonly [T in Tool as NameOf<T>]: ArgsOf<T> }
  : { readonly [Name in keyof Tools & string]: ArgsOf<Tools[Name]> };

export type NameOf<Tool> = Tool extends { readonly name: infer Name extends string } ? Name : never;

/** The arguments of one tool: of the AI SDK, of LangChain, a schema, or a function. */
export type ArgsOf<Tool> = 'inputSchema' extends keyof Tool
  ? Known<FlexibleOutputOf<Tool['inputSchema']>>
  : Tool extends { readonly name: string; readonly schema: infer Schema }
    ? Known<OutputOf<Schema>>
    : Tool extends (args: infer Args, ...rest: never[]) => unknown
      ? Known<Args>
      : Known<OutputOf<Tool>>;

/** The AI SDK's tools accept several kinds of schema; the type of one says it for all. */
type FlexibleOutputOf<Schema> = [Schema] extends [{ readonly _type: infer Output } | object]
  ? unknown extends Output
    ? OutputOf<Schema>
    : Output
  : never;

/** `any`, `unknown`, `never` and what is no object tell nothing. */
type Known<Args> = 0 extends 1 & Args
  ? AnyArgs
  : [Args] extends [never]
    ? AnyArgs
    : [Args] extends [object]
      ? Args
      : AnyArgs;

/**
 * What a schema gives after parsing: Standard Schema (zod 3.24 and later, zod mini, Valibot,
 * ArkType), zod before it, the AI SDK's `jsonSchema()`, or JSON Schema with literal types.
 */
type OutputOf<Schema> = Schema extends {
  readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined };
}
  ? Output
  : Schema extends { readonly _zod: { readonly output: infer Output } }
    ? Output
    : Schema extends { readonly _output: infer Output }
      ? Output
      : Schema extends { readonly _type: infer Output }
        ? Output
        : Schema extends { readonly type: 'object'; readonly properties: infer Properties }
          ? JsonObject<Properties, Schema>
          : never;

type JsonObject<Properties, Schema> = Schema extends {
  readonly required: readonly (infer Required)[];
}
  ? { readonly [K in keyof Properties & Required]: JsonValue<Properties[K]> } & {
      readonly [K in Exclude<keyof Properties, Required>]?: JsonValue<Properties[K]>;
    }
  : { readonly [K in keyof Properties]?: JsonValue<Properties[K]> };

type JsonValue<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly type: 'string' }
      ? string
      : Schema extends { readonly type: 'number' | 'integer' }
        ? number
        : Schema extends { readonly type: 'boolean' }
          ? boolean
          : Schema extends { readonly type: 'null' }
            ? null
            : Schema extends { readonly type: 'array'; readonly items: infer Item }
              ? readonly JsonValue<Item>[]
              : Schema extends { readonly type: 'object'; readonly properties: infer Properties }
                ? JsonObject<Properties, Schema>
                : unknown;
