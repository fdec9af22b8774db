import { CONDITION_DEFS, object, whereSchema } from './condition-schema.ts';
import { CAPABILITIES, FACTS } from './file-schema.ts';
import { FLOW_DEFS, flowSchema } from './flow-schema.ts';
import type { JsonSchema } from './json-schema-of.ts';
import { DURATION, list, ON_EXPIRY, oneOrMore, TEXT } from './schema-parts.ts';
import { toolCatalog, type ToolCatalog } from './tool-catalog.ts';

const EFFECT: JsonSchema = { enum: ['allow', 'ask', 'deny'] };
const ENFORCEMENT: JsonSchema = { enum: ['enforce', 'observe', 'shadow'] };
const MODE: JsonSchema = {
  enum: ['default', 'acceptEdits', 'bypassPermissions', 'readOnly', 'dontAsk'],
};
/**
 * A JSON Schema of policy files for editors (draft 2020-12). With tools it knows their names, their
 * fields and the values that these can have.
 *
 * @example
 * await writeFile('policy.schema.json', JSON.stringify(await policySchema(tools)));
 */
export async function policySchema(tools?: unknown): Promise<JsonSchema> {
  const catalog = tools === undefined ? undefined : await toolCatalog(tools);
  const names = nameSchema(catalog);
  const policy = policyProperties(catalog, names);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Guardstile policy',
    ...object({ ...policy, ...fileProperties(policy, catalog) }, ['version']),
    $defs: { ...CONDITION_DEFS, ...FLOW_DEFS },
  };
}

/** Names of tools, or patterns with `*`. */
function nameSchema(catalog: ToolCatalog | undefined): JsonSchema {
  if (catalog === undefined) return TEXT;
  return { anyOf: [{ enum: [...catalog.keys()] }, { type: 'string', pattern: '\\*' }] };
}

const WHO: JsonSchema = {
  ...object({
    id: oneOrMore(TEXT),
    role: oneOrMore(TEXT),
    tenant: oneOrMore(TEXT),
    agent: oneOrMore(TEXT),
  }),
  minProperties: 1,
};

const APPROVE: JsonSchema = object({
  by: oneOrMore(TEXT),
  quorum: { type: 'integer', minimum: 1 },
  expires: DURATION,
  onExpiry: ON_EXPIRY,
  editable: list(TEXT),
  grants: list({ enum: ['session', 'always'] }),
});

function policyProperties(catalog: ToolCatalog | undefined, names: JsonSchema): JsonSchema {
  return {
    layer: { enum: ['grants', 'restricts'] },
    enforcement: ENFORCEMENT,
    default: EFFECT,
    mode: MODE,
    allow: list(names),
    deny: list(names),
    optional: list(names),
    capabilities: object(
      {
        grant: {
          anyOf: [
            { enum: ['read-only', 'standard', 'full'] },
            { type: 'array', items: { enum: CAPABILITIES } },
          ],
        },
        paths: list(TEXT),
        domains: list(TEXT),
        maxFileSize: { type: 'integer', minimum: 0 },
      },
      ['grant'],
    ),
    rules: { type: 'array', items: ruleSchema(catalog, names) },
    flow: flowSchema(catalog),
  };
}

function ruleSchema(catalog: ToolCatalog | undefined, names: JsonSchema): JsonSchema {
  return {
    ...object(
      {
        id: TEXT,
        tool: oneOrMore(TEXT),
        source: TEXT,
        who: WHO,
        where: { $ref: '#/$defs/where' },
        effect: EFFECT,
        mode: { enum: ['enforce', 'shadow'] },
        approve: APPROVE,
        obligations: DUTIES,
        limits: { type: 'array', minItems: 1, items: LIMIT },
        requires: REQUIRES,
        reason: TEXT,
      },
      ['id', 'effect', 'tool'],
    ),
    ...perTool(catalog, names),
  };
}

/** What the tools can be, and what the fields of each. Those of other sources are not known. */
function perTool(catalog: ToolCatalog | undefined, names: JsonSchema): JsonSchema {
  if (catalog === undefined) return {};
  const known = [...catalog].filter(([, schema]) => schema !== undefined);
  return {
    allOf: [
      implies({ source: { const: 'app' } }, { tool: oneOrMore(names) }),
      ...known.map(([name, schema]) =>
        implies(
          { tool: { const: name }, source: { const: 'app' } },
          { where: whereSchema(schema) },
        ),
      ),
    ],
  };
}

/** Properties that follow from others; one that is absent is as if it fitted. */
function implies(given: JsonSchema, properties: JsonSchema): JsonSchema {
  return { anyOf: [{ not: { properties: given } }, { properties }] };
}

function fileProperties(policy: JsonSchema, catalog: ToolCatalog | undefined): JsonSchema {
  const facts = { enum: FACTS };
  const values = { type: 'array', items: { $ref: '#/$defs/literal' } };
  return {
    version: { const: 1 },
    name: TEXT,
    revision: { type: 'integer', minimum: 1 },
    include: { type: 'array', items: TEXT },
    env: {
      type: 'object',
      additionalProperties: object(
        { type: { enum: ['text', 'number'] }, default: { type: ['string', 'number'] } },
        ['type'],
      ),
    },
    sets: {
      type: 'object',
      additionalProperties: {
        anyOf: [
          values,
          object({ given: { enum: ['text', 'number'] }, example: values }, ['given']),
        ],
      },
    },
    facts: {
      type: 'object',
      ...(catalog === undefined ? {} : { propertyNames: { enum: [...catalog.keys()] } }),
      additionalProperties: { anyOf: [facts, { type: 'array', items: facts }] },
    },
    users: {
      type: 'array',
      items: object({ id: TEXT, tenant: TEXT, policy: object(policy) }, ['id', 'policy']),
    },
    agents: {
      type: 'array',
      items: object({ id: TEXT, policy: object(policy) }, ['id', 'policy']),
    },
    tests: { type: 'array', items: TEST },
  };
}

const DUTIES: JsonSchema = {
  type: 'array',
  minItems: 1,
  items: {
    anyOf: [
      object({ type: { const: 'redact' }, fields: { type: 'array', items: TEXT, minItems: 1 } }, [
        'type',
        'fields',
      ]),
      object({ type: { const: 'cap' }, characters: { type: 'integer', minimum: 0 } }, [
        'type',
        'characters',
      ]),
      object({ type: { const: 'label' }, labels: { type: 'array', items: TEXT, minItems: 1 } }, [
        'type',
        'labels',
      ]),
    ],
  },
};

const LEVEL: JsonSchema = { enum: ['none', 'args', 'runtime', 'interpreter', 'os'] };
const DIMENSIONS = ['files', 'network', 'processes', 'environment', 'memory', 'cpu', 'time'];

const REQUIRES: JsonSchema = {
  ...object({
    sandbox: object(Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, LEVEL]))),
    durability: { enum: ['memory', 'os', 'disk', 'replicated'] },
  }),
  minProperties: 1,
};

const LIMIT: JsonSchema = object(
  {
    id: TEXT,
    amount: { anyOf: [{ type: 'integer', minimum: 1 }, object({ from: TEXT }, ['from'])] },
    max: { type: 'integer', minimum: 0 },
    window: { anyOf: [DURATION, { const: 'running' }] },
    per: { enum: ['principal', 'tenant', 'session', 'agent', 'guard'] },
    same: { enum: ['tool', 'call'] },
  },
  ['id', 'max', 'window'],
);

const SEEN: JsonSchema = {
  type: 'array',
  description: 'What the session has seen before the call, in this order.',
  items: {
    anyOf: [
      object({ prompt: { type: 'string', description: 'What the user typed.' } }, ['prompt']),
      object({ tool: TEXT, source: TEXT, args: {}, result: {} }, ['tool', 'result']),
      object({ tool: TEXT, source: TEXT, args: {}, error: TEXT }, ['tool', 'error']),
    ],
  },
};

/** What is called may well be a tool that there is not. */
const TEST: JsonSchema = object(
  {
    name: TEXT,
    call: TEXT,
    unknown: { type: 'boolean' },
    source: TEXT,
    args: { type: 'object' },
    as: object({
      id: TEXT,
      role: { anyOf: [TEXT, { type: 'array', minItems: 1, items: TEXT }] },
      tenant: TEXT,
      agent: TEXT,
    }),
    seen: SEEN,
    expect: { enum: ['allow', 'ask', 'deny', 'none'] },
    rule: TEXT,
  },
  ['call', 'expect'],
);
