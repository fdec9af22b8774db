/** What a guarded tool has in place of the tool's own. */
export interface OwnMembers {
  readonly execute: unknown;
  readonly needsApproval: unknown;
  readonly caller: unknown;
}

/**
 * A new object with everything the tool has: own members as they are (symbols and non-enumerable
 * ones too), inherited ones bound to the original, since methods of a class with private fields
 * work on nothing else.
 */
export function cloneTool(tool: object, own: OwnMembers): object {
  const { execute, needsApproval, caller } = own;
  const asks = needsApproval !== undefined || 'needsApproval' in tool;
  if (isPlain(tool)) return asks ? { ...tool, execute, needsApproval } : { ...tool, execute };
  const clone = cloneMembers(tool);
  if (execute !== undefined) define(clone, 'execute', execute);
  if (asks) define(clone, 'needsApproval', needsApproval);
  // Redefined by its value alone, so that it stays as hidden as it was.
  if (caller !== undefined)
    Object.defineProperty(clone, 'experimental_toolCaller', { value: caller });
  return clone;
}

const plain = new WeakMap<object, boolean>();

/** Whether spreading keeps everything, and only `execute` and `needsApproval` are replaced. Remembered, since tools are wrapped again for every request. */
function isPlain(tool: object): boolean {
  let known = plain.get(tool);
  if (known === undefined) {
    known =
      Object.getPrototypeOf(tool) === Object.prototype &&
      Object.values(Object.getOwnPropertyDescriptors(tool)).every(
        (property) => 'value' in property && property.enumerable === true,
      ) &&
      Object.getOwnPropertySymbols(tool).length === 0 &&
      !('experimental_toolCaller' in tool);
    plain.set(tool, known);
  }
  return known;
}

function define(clone: object, name: string, value: unknown): void {
  Object.defineProperty(clone, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function cloneMembers(tool: object): object {
  const clone: object = {};
  for (const layer of chainOf(tool).reverse()) {
    for (const key of Reflect.ownKeys(layer)) {
      const property = Object.getOwnPropertyDescriptor(layer, key);
      if (property === undefined || (layer !== tool && key === 'constructor')) continue;
      Object.defineProperty(clone, key, boundTo(tool, property, layer !== tool));
    }
  }
  return clone;
}

/** The tool and what it inherits from, short of what every object inherits. */
function chainOf(tool: object): object[] {
  const chain = [tool];
  for (
    let layer = parentOf(tool);
    layer !== null && parentOf(layer) !== null;
    layer = parentOf(layer)
  ) {
    chain.push(layer);
  }
  return chain;
}

function parentOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}

function boundTo(
  tool: object,
  property: PropertyDescriptor,
  inherited: boolean,
): PropertyDescriptor {
  const { get, set } = property;
  if (get !== undefined || set !== undefined) {
    return {
      enumerable: property.enumerable === true,
      configurable: true,
      ...(get === undefined ? {} : { get: (): unknown => Reflect.apply(get, tool, []) }),
      ...(set === undefined ? {} : { set: (value: unknown) => Reflect.apply(set, tool, [value]) }),
    };
  }
  const value: unknown = property.value;
  const bound: unknown = inherited && typeof value === 'function' ? value.bind(tool) : value;
  return { ...property, value: bound, configurable: true };
}
