import { RunnableLambda, type RunnableToolLike } from '@langchain/core/runnables';
import {
  DynamicStructuredTool,
  DynamicTool,
  StructuredTool,
  type StructuredToolInterface,
  Tool,
  tool,
} from '@langchain/core/tools';
import * as z from 'zod';
import * as z3 from 'zod/v3';
import * as mini from 'zod/mini';

export type AnyTool = StructuredToolInterface | RunnableToolLike;

/** A tool of some kind that counts how often its body starts. */
export interface Counted {
  readonly tool: AnyTool;
  readonly runs: () => number;
}

/** One way to write a tool in LangChain. */
export interface ToolKind {
  readonly name: string;
  /** Plain arguments that the tool takes. */
  readonly args: string | Readonly<Record<string, unknown>>;
  readonly make: () => Promise<Counted>;
}

const City = z.object({ city: z.string() });
type City = z.output<typeof City>;

export const BERN: Readonly<Record<string, unknown>> = { city: 'Bern' };
export const fields = { name: 'weather', description: 'Weather of a city' };
const withSchema = { ...fields, schema: City };
const jsonSchema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
} as const;

export function kind(
  name: string,
  args: ToolKind['args'],
  make: (body: (given: unknown) => string) => AnyTool | Promise<AnyTool>,
): ToolKind {
  return {
    name,
    args,
    async make() {
      let runs = 0;
      const made = await make((given) => {
        runs += 1;
        return `ran with ${JSON.stringify(given)}`;
      });
      return { tool: made, runs: () => runs };
    },
  };
}

export type Body = (given: unknown) => string;

class OwnCall extends StructuredTool {
  readonly name = fields.name;
  readonly description = fields.description;
  readonly schema = City;
  readonly body: Body;

  constructor(body: Body) {
    super();
    this.body = body;
  }

  protected async _call(given: City): Promise<string> {
    return this.body(given);
  }
}

class Private extends StructuredTool {
  readonly schema = City;
  readonly name = fields.name;
  readonly #body: Body;
  readonly #description = fields.description;

  constructor(body: Body) {
    super();
    this.#body = body;
  }

  get description(): string {
    return this.#description;
  }

  protected async _call(given: City): Promise<string> {
    return this.#body(given);
  }
}

class OwnInvoke extends OwnCall {
  override async invoke(input: unknown, config?: object): Promise<never> {
    // The types of invoke() depend on its arguments, which an override cannot say again.
    return super.invoke(input as City, config) as Promise<never>;
  }
}

class OwnDeprecatedCall extends OwnCall {
  override async call(input: unknown, config?: object): Promise<never> {
    // oxlint-disable-next-line typescript/no-deprecated -- deprecated, and still the way to every body
    return super.call(input as City, config) as Promise<never>; // as above
  }
}

class OwnText extends Tool {
  readonly name = fields.name;
  readonly description = fields.description;
  readonly body: Body;

  constructor(body: Body) {
    super();
    this.body = body;
  }

  protected async _call(text: string | undefined): Promise<string> {
    return this.body(text);
  }
}

class OwnDynamic extends DynamicStructuredTool {
  readonly body: Body;

  constructor(body: Body) {
    super({ ...withSchema, func: async () => body('func') });
    this.body = body;
  }

  protected override async _call(given: unknown): Promise<string> {
    return this.body(given);
  }
}

/** Every kind that comes with `@langchain/core`. */
export const coreKinds: readonly ToolKind[] = [
  kind('`tool()`, zod 4', BERN, (body) => tool(async (given) => body(given), withSchema)),
  kind('`tool()`, zod 3', BERN, (body) =>
    tool(async (given) => body(given), { ...fields, schema: z3.object({ city: z3.string() }) }),
  ),
  kind('`tool()`, zod mini', BERN, (body) =>
    tool(async (given) => body(given), { ...fields, schema: mini.object({ city: mini.string() }) }),
  ),
  kind('`tool()`, JSON Schema', BERN, (body) =>
    tool(async (given) => body(given), { ...fields, schema: jsonSchema }),
  ),
  kind('`tool()`, one text', 'Bern', (body) => tool(async (given) => body(given), fields)),
  kind('`tool()`, generator', BERN, (body) =>
    tool(async function* (given) {
      yield 'soon';
      return body(given);
    }, withSchema),
  ),
  kind(
    '`DynamicTool`',
    'Bern',
    (body) => new DynamicTool({ ...fields, func: async (given) => body(given) }),
  ),
  kind(
    '`DynamicStructuredTool`',
    BERN,
    (body) => new DynamicStructuredTool({ ...withSchema, func: async (given) => body(given) }),
  ),
  kind('its subclass with `_call`', BERN, (body) => new OwnDynamic(body)),
  kind('`Tool` subclass', 'Bern', (body) => new OwnText(body)),
  kind('`StructuredTool` subclass', BERN, (body) => new OwnCall(body)),
  kind('… with `#private` fields', BERN, (body) => new Private(body)),
  kind('… with its own `invoke`', BERN, (body) => new OwnInvoke(body)),
  kind('… with its own `call`', BERN, (body) => new OwnDeprecatedCall(body)),
  kind('`RunnableToolLike`', BERN, (body) =>
    RunnableLambda.from((given: City) => body(given)).asTool(withSchema),
  ),
];
