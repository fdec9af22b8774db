import type { ToolSet } from 'ai';
import { settle } from './fields-of.ts';
import { normalise } from './normalise.ts';
import type { Protect } from './situation.ts';

/**
 * Everything that can be seen of tools without the SDK: their members, and what a call gives. Of
 * those that were instances of a class only what can be read: no guard can make another instance.
 */
export async function shapeOf(protect: Protect, tools: ToolSet): Promise<string> {
  const shapes: unknown[] = [];
  const seen = protect(tools);
  for (const [name, tool] of Object.entries(seen)) {
    const plain = Object.getPrototypeOf(tools[name]) === Object.prototype;
    shapes.push(name, plain ? propertiesOf(tool) : membersOf(tool), await callOf(tool));
  }
  return normalise([Object.getPrototypeOf(seen) === null, shapes]);
}

/** Own properties in their order, hidden ones too, and how they are defined. */
function propertiesOf(tool: object): unknown {
  return Reflect.ownKeys(tool).map((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(tool, key);
    const kind = typeof descriptor?.value;
    return [String(key), kind, descriptor?.get === undefined, descriptor?.enumerable];
  });
}

/** What can be read, inherited or not. */
function membersOf(tool: object): unknown {
  const keys = new Set<PropertyKey>();
  for (let layer = tool; layer !== Object.prototype; layer = parentOf(layer)) {
    for (const key of Reflect.ownKeys(layer)) if (key !== 'constructor') keys.add(key);
  }
  return [...keys].map((key) => `${String(key)} ${typeof Reflect.get(tool, key)}`).toSorted();
}

function parentOf(layer: object): object {
  return (Object.getPrototypeOf(layer) ?? Object.prototype) as object;
}

// Whatever the tool takes: its schema is not asked in a direct call.
const INPUT = { city: 'Bern' } as never;

/** How a direct call answers: a value at once, a promise, a stream, or something thrown. */
async function callOf(tool: ToolSet[string]): Promise<unknown> {
  if (tool.execute === undefined) return 'not executable';
  const options = { toolCallId: 'direct', messages: [], context: undefined };
  let result: unknown;
  try {
    result = tool.execute(INPUT, options);
  } catch (error) {
    return ['throws at once', error];
  }
  if (isPromised(result)) return ['promises', kindOf(await settle(result))];
  return isStream(result) ? ['streams', ...(await drain(result))] : ['returns', result];
}

/** A promised stream is not read: nobody does. */
function kindOf(settled: object): unknown {
  return 'value' in settled && isStream(settled.value) ? 'a stream' : settled;
}

function isPromised(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function isStream(value: unknown): value is AsyncIterable<unknown, unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Every value, the one that it returns among them. */
async function drain(stream: AsyncIterable<unknown, unknown>): Promise<readonly unknown[]> {
  const iterator = stream[Symbol.asyncIterator]();
  const values: unknown[] = [];
  for (;;) {
    const next = await settle(iterator.next());
    if ('error' in next) return [...values, next];
    const { done = false, value } = next.value;
    values.push([done, value]);
    if (done) return values;
  }
}
