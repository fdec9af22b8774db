import { object } from './condition-schema.ts';
import { isRecord, type JsonSchema } from './json-schema-of.ts';
import { DURATION, ON_EXPIRY, oneOrMore, SET, TEXT } from './schema-parts.ts';
import type { ToolCatalog } from './tool-catalog.ts';

/** Where values may come from and go to, as editors know it. */
export function flowSchema(catalog: ToolCatalog | undefined): JsonSchema {
  return {
    ...object({
      tools: {
        type: 'object',
        description: 'By the name of a tool; one of another source is "source/name".',
        ...(catalog === undefined
          ? {}
          : {
              propertyNames: { anyOf: [{ enum: [...catalog.keys()] }, { pattern: '/' }] },
              properties: perTool(catalog),
            }),
        additionalProperties: toolSchema(),
      },
      rules: {
        type: 'array',
        description: 'What must not go where.',
        items: RULE,
      },
      approve: APPROVE,
    }),
    description: 'Where the values of calls may come from and go to. The guard needs a dataFlow.',
  };
}

/** The fields of each tool, for completion: what is not among them may be a path. */
function perTool(catalog: ToolCatalog): JsonSchema {
  const known = [...catalog].map(([name, schema]) => {
    const fields = schema?.['properties'];
    return [name, toolSchema(isRecord(fields) ? Object.keys(fields) : [])];
  });
  return Object.fromEntries(known) as JsonSchema; // one for each name
}

const CLASSES = '(trusted|trusted-text|untrusted|secret)(:.+)?';

const LABEL: JsonSchema = {
  type: 'string',
  pattern: `^${CLASSES}$`,
  description:
    'trusted: only the tool\u2019s own system writes it, and it counts as a whole. trusted-text: every word of it counts. untrusted: anybody may have written it. secret: it must not leave. A kind follows a colon, as in trusted:payee.',
};

const ACCEPTED: JsonSchema = {
  type: 'string',
  pattern: '^(prompt|(trusted|trusted-text|untrusted)(:.+)?)$',
  description: 'prompt is what the user typed; the others are labels of results.',
};

const OTHERWISE: JsonSchema = { enum: ['ask', 'deny'] };
const SINK: JsonSchema = { enum: ['egress', 'money', 'code', 'store'] };

const FROM: JsonSchema = object(
  {
    from: {
      anyOf: [SET, { type: 'array', items: { anyOf: [ACCEPTED, SET] } }],
      description: 'What vouches for the value.',
    },
    else: { ...OTHERWISE, description: 'What becomes of a value from elsewhere: ask unless said.' },
    unseen: {
      ...OTHERWISE,
      description: 'What becomes of a value that was seen nowhere: as else unless said.',
    },
    part: {
      enum: ['value', 'link', 'host', 'email', 'amount', 'links'],
      description: 'What of the argument is looked up: all of it unless said.',
    },
    shortest: {
      type: 'integer',
      minimum: 2,
      description: 'Fewest letters and digits that prove something: 5 unless said.',
    },
  },
  ['from'],
);

const FROM_DEF: JsonSchema = { $ref: '#/$defs/flowFrom' };

/** The parts that every schema of a flow refers to. */
export const FLOW_DEFS: JsonSchema = { flowFrom: FROM };

function toolSchema(fields: readonly string[] = []): JsonSchema {
  return object({
    labels: {
      type: 'object',
      description:
        'What its results are, by path: "[].recipient", "user.name", "**.password", and "" for all else.',
      additionalProperties: LABEL,
    },
    args: {
      type: 'object',
      description: 'Where its arguments have to come from, by path.',
      ...(fields.length === 0
        ? {}
        : { properties: Object.fromEntries(fields.map((field) => [field, FROM_DEF])) }),
      additionalProperties: FROM_DEF,
    },
    sinks: {
      anyOf: [SET, { type: 'array', items: { anyOf: [SINK, SET] } }],
      description: 'Where its arguments can end up: by its facts unless said.',
    },
    irreversible: {
      type: 'boolean',
      description: 'Whether it always asks, since it cannot be undone: by its name unless said.',
    },
  });
}

const RULE: JsonSchema = object(
  {
    id: TEXT,
    from: { type: 'string', pattern: `^${CLASSES}$` },
    to: SINK,
    else: { ...OTHERWISE, description: 'deny unless said.' },
    by: {
      enum: ['value', 'session'],
      description:
        'value: the arguments hold a secret. session: it is enough that the session has seen any.',
    },
  },
  ['id', 'from', 'to'],
);

const APPROVE: JsonSchema = {
  ...object({
    by: oneOrMore(TEXT),
    quorum: { type: 'integer', minimum: 1 },
    expires: DURATION,
    onExpiry: ON_EXPIRY,
  }),
  description: 'Who answers what flow asks: the requester confirms unless said.',
};
