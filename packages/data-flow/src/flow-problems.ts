import { classOf } from './origin.ts';
import { labelProblem } from './path-labels.ts';

/** What is wrong with a {@link FlowSpec}, and where in it. */
export interface FlowProblem {
  readonly path: ReadonlyArray<string | number>;
  readonly message: string;
}

type Path = FlowProblem['path'];
type Fields = Readonly<Record<string, unknown>>;
/** Says what is wrong with a value; `undefined` where nothing is. */
type Check = (value: unknown) => string | undefined;

const EFFECTS = ['ask', 'deny'];
const SINKS = ['egress', 'money', 'code', 'store'];
const PARTS = ['value', 'link', 'host', 'email', 'amount', 'links'];

/** Everything that is wrong with a {@link FlowSpec}; nothing when it can be used. */
export function flowProblems(spec: unknown): readonly FlowProblem[] {
  const problems: FlowProblem[] = [];
  const wrong = (path: Path, message: string): void => void problems.push({ path, message });

  /** The fields of an object that has no others than these. */
  function fieldsOf(value: unknown, known: readonly string[], path: Path): Fields {
    const fields = recordOf(value, path);
    for (const name of Object.keys(fields)) {
      if (known.includes(name)) continue;
      wrong([...path, name], `"${name}" is not known here; use ${known.join(', ')}`);
    }
    return fields;
  }

  function recordOf(value: unknown, path: Path): Fields {
    if (isRecord(value)) return Object.assign(Object.create(null) as object, value);
    wrong(path, 'has to be an object');
    return {};
  }

  function eachIn(value: unknown, path: Path, visit: (own: unknown, at: Path) => void): void {
    if (value === undefined) return;
    for (const [name, own] of Object.entries(recordOf(value, path))) visit(own, [...path, name]);
  }

  function listIn(value: unknown, path: Path, visit: (own: unknown, at: Path) => void): void {
    if (value === undefined) return;
    if (!Array.isArray(value)) return wrong(path, 'has to be a list');
    Array.from(value).forEach((own, i) => visit(own, [...path, i]));
  }

  function check(value: unknown, path: Path, problemOf: Check): void {
    const problem = value === undefined ? undefined : problemOf(value);
    if (problem !== undefined) wrong(path, problem);
  }

  function tool(value: unknown, path: Path): void {
    const { labels, args, sinks, irreversible } = fieldsOf(
      value,
      ['labels', 'args', 'sinks', 'irreversible'],
      path,
    );
    eachIn(labels, [...path, 'labels'], (label, at) => {
      const problem = labelProblem(String(at.at(-1)), label);
      if (problem !== undefined) wrong(at, problem);
    });
    eachIn(args, [...path, 'args'], from);
    listIn(sinks, [...path, 'sinks'], (sink, at) => check(sink ?? null, at, oneOf(SINKS)));
    check(irreversible, [...path, 'irreversible'], (own) =>
      typeof own === 'boolean'
        ? undefined
        : 'has to be true or false (YAML 1.2 reads yes and no as text)',
    );
  }

  function from(value: unknown, path: Path): void {
    const known = ['from', 'else', 'unseen', 'part', 'shortest'];
    const own = fieldsOf(value, known, path);
    const argument = String(path.at(-1));
    if (!isArgumentPath(argument)) {
      wrong(path, `"${argument}" is no path of an argument; write it like order.id or items[].url`);
    }
    if (isRecord(value) && own['from'] === undefined) wrong([...path, 'from'], 'is missing');
    listIn(own['from'], [...path, 'from'], (origin, at) => check(origin ?? null, at, accepted));
    check(own['else'], [...path, 'else'], oneOf(EFFECTS));
    check(own['unseen'], [...path, 'unseen'], oneOf(EFFECTS));
    check(own['part'], [...path, 'part'], oneOf(PARTS));
    check(own['shortest'], [...path, 'shortest'], (length) =>
      Number.isInteger(length) && (length as number) >= 2
        ? undefined
        : 'shortest has to be a whole number of at least 2',
    );
  }

  const ids = new Set<unknown>();
  function rule(value: unknown, path: Path): void {
    const own = fieldsOf(value, ['id', 'from', 'to', 'else', 'by'], path);
    if (!isRecord(value)) return;
    check(own['id'] ?? null, [...path, 'id'], (id) => {
      if (typeof id !== 'string' || id === '') return 'has to be a name';
      return ids.has(id) ? `"${id}" is the id of another rule` : void ids.add(id);
    });
    check(own['from'] ?? null, [...path, 'from'], kept);
    check(own['to'] ?? null, [...path, 'to'], oneOf(SINKS));
    check(own['else'], [...path, 'else'], oneOf(EFFECTS));
    check(own['by'], [...path, 'by'], oneOf(['value', 'session']));
    if (own['by'] === 'value' && kept(own['from']) === undefined && !isSecret(own['from'])) {
      wrong([...path, 'by'], 'only secrets are looked for by value; leave it out');
    }
  }

  const { tools, rules } = fieldsOf(spec, ['tools', 'rules'], []);
  eachIn(tools, ['tools'], tool);
  listIn(rules, ['rules'], rule);
  return problems;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function oneOf(words: readonly string[]): Check {
  return (value) =>
    words.includes(value as string) ? undefined : `has to be one of ${words.join(', ')}`;
}

/** What can vouch for a value. */
function accepted(origin: unknown): string | undefined {
  const problem = observable(origin);
  if (problem !== undefined) return `"${String(origin)}" is no origin that can be accepted`;
  return isSecret(origin) ? 'a secret vouches for nothing' : undefined;
}

/** What may be kept from going anywhere. */
function kept(origin: unknown): string | undefined {
  if (Array.isArray(origin)) return 'has to be one origin; write a rule for each';
  return origin === 'prompt'
    ? 'every session holds what the user typed; say secret or untrusted, or leave the rule out'
    : observable(origin);
}

function observable(origin: unknown): string | undefined {
  const name = typeof origin === 'string' ? classOf(origin) : undefined;
  return name === undefined || name === 'sent' ? `"${String(origin)}" is no origin` : undefined;
}

function isSecret(origin: unknown): boolean {
  return typeof origin === 'string' && classOf(origin) === 'secret';
}

function isArgumentPath(path: string): boolean {
  if (path.split('.').some((name) => /^\*+(?:\[\])*$/.test(name))) return false; // of labels only
  return path === '' || /^(?:[^.[\]]+|\[\])(?:\.[^.[\]]+|\[\])*$/.test(path);
}
