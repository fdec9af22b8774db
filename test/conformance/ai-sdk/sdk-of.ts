import type { Agent, Sdk, Settings } from './sdk.ts';

/** A version's own functions and agent, whatever their types. */
interface Own extends Omit<Sdk, 'jsonSchema' | 'generateText' | 'streamText' | 'agent'> {
  readonly jsonSchema: unknown;
  readonly generateText: unknown;
  readonly streamText: unknown;
  readonly Agent: unknown;
}

/** The version as this workspace drives it. */
export function sdkOf(own: Own): Sdk {
  const { jsonSchema, generateText, streamText, Agent: AgentClass, ...rest } = own;
  // Their types name other classes in each version; what they take and return here is the same.
  const create = AgentClass as new (settings: Settings) => Agent;
  return {
    ...rest,
    jsonSchema: jsonSchema as Sdk['jsonSchema'],
    generateText: generateText as Sdk['generateText'],
    streamText: streamText as Sdk['streamText'],
    agent: (settings) => new create(settings),
  };
}
