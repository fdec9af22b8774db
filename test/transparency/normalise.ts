/**
 * What was observed as text, line by line, so that any difference shows: classes (by identity),
 * symbols, the order of keys, what is undefined. Generated ids become their order of first
 * appearance, times and durations become words; nothing else is replaced or left out.
 */
export function normalise(observed: unknown): string {
  return JSON.stringify(plainOf(observed), undefined, 1);
}

function plainOf(observed: unknown): unknown {
  const ids = new Map<string, string>();
  const within = new Set<object>();

  function idOf(id: string): string {
    const known = ids.get(id) ?? `<id ${ids.size + 1}>`;
    ids.set(id, known);
    return known;
  }

  function visit(value: unknown, key: PropertyKey): unknown {
    if (typeof value === 'string') {
      // Signed is, among others, a generated id.
      if (key === 'signature') return '<signature>';
      return ID_KEYS.has(key) && GENERATED.test(value) ? idOf(value) : value;
    }
    if (typeof value === 'number' && isDuration(key)) return '<duration>';
    if (typeof value === 'object' && value !== null) return visitObject(value, key);
    return typeof value === 'boolean' || value === null ? value : wordOf(value);
  }

  function visitObject(value: object, key: PropertyKey): unknown {
    if (value instanceof Date) return key === 'timestamp' ? '<time>' : `<${value.toISOString()}>`;
    if (isSchema(value)) return '<schema>';
    // Without its listeners, which are nobody's to see.
    if (value instanceof AbortSignal) return ['<signal>', value.aborted, visit(value.reason, '')];
    if (within.has(value)) return '<cycle>';
    within.add(value);
    const plain = Array.isArray(value)
      ? value.map((element: unknown, index) => visit(element, index))
      : visitProperties(value, key);
    within.delete(value);
    return plain;
  }

  function visitProperties(value: object, key: PropertyKey): Record<string, unknown> {
    const plain: Record<string, unknown> = {};
    const label = classOf(value);
    if (label !== undefined) plain['<class>'] = label;
    if (value instanceof Error) plain['<text>'] = String(value);
    for (const name of Reflect.ownKeys(value)) {
      if (value instanceof Error && name === 'stack') continue;
      const below = isDuration(key) ? key : name;
      plain[String(name)] = visit(Reflect.get(value, name), below);
    }
    if (value instanceof Map || value instanceof Set) plain['<members>'] = visit([...value], '');
    return plain;
  }

  return visit(observed, '');
}

const GENERATED = /^(?:[a-z]+-)?[A-Za-z0-9]{16,24}$/;
const ID_KEYS = new Set<PropertyKey>(['id', 'messageId', 'approvalId', 'callId', 'generationId']);
const DURATIONS = /(?:Ms|PerSecond)$/;

/** `toolExecutionMs` and its like are objects with a duration for each call. */
function isDuration(key: PropertyKey): boolean {
  return typeof key === 'string' && DURATIONS.test(key);
}

function wordOf(value: unknown): string {
  return typeof value === 'function' ? '<function>' : `<${typeof value} ${String(value)}>`;
}

function isSchema(value: object): boolean {
  return '~standard' in value || Symbol.for('vercel.ai.schema') in value;
}

const classes = new WeakMap<object, number>();
let known = 0;

/** By its identity: an error of another class with the same name is another one. */
function classOf(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype) return undefined;
  if (prototype === null) return 'none';
  const number = classes.get(prototype) ?? (known += 1);
  classes.set(prototype, number);
  return `${String(prototype.constructor.name)} ${number}`;
}
