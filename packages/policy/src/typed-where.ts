import type { CommandPattern, Condition, Literal, Operators } from './document.ts';

/** Conditions on arguments of a known type. */
export type WhereOf<Args> = { readonly [Field in keyof Args]?: ConditionOn<Args[Field]> };

/** What can be asked of a value of this type; anything of one whose type is not known. */
export type ConditionOn<Value> = unknown extends Value
  ? Condition
  : KindOf<Exclude<Value, undefined>, Exclude<Value, undefined | null>>;

type KindOf<Value, Present> = [Present] extends [string]
  ? Extract<Value, Literal> | TextOperators<Value>
  : [Present] extends [number]
    ? Extract<Value, Literal> | NumberOperators<Value>
    : [Present] extends [boolean]
      ? Extract<Value, Literal> | ValueOperators<Value>
      : [Present] extends [bigint]
        ? NumberOperators<number>
        : [Present] extends [readonly (infer Item)[]]
          ? ListOperators<Item, Value>
          : [Present] extends [object]
            ? RecordOperators<Present, Value>
            : Condition;

interface ValueOperators<Value> {
  readonly eq?: Extract<Value, Literal>;
  readonly in?: ReadonlyArray<Extract<Value, Literal>>;
  readonly exists?: boolean;
  readonly not?: ConditionOn<Value>;
}

interface TextOperators<Value>
  extends
    ValueOperators<Value>,
    Pick<
      Operators,
      'startsWith' | 'endsWith' | 'matches' | 'path' | 'domain' | 'email' | 'amount'
    > {
  /** A raw command line, exactly as it is named. */
  readonly command?: string | readonly string[];
}

interface NumberOperators<Value>
  extends ValueOperators<Value>, Pick<Operators, 'lt' | 'lte' | 'gt' | 'gte' | 'amount'> {}

interface ListOperators<Item, Value> {
  readonly every?: ConditionOn<Item>;
  readonly some?: ConditionOn<Item>;
  readonly exists?: boolean;
  readonly not?: ConditionOn<Value>;
  /** The words of a command. */
  readonly command?: string | readonly CommandPattern[];
}

interface RecordOperators<Fields, Value> {
  readonly where?: WhereOf<Fields>;
  readonly exists?: boolean;
  readonly not?: ConditionOn<Value>;
}
