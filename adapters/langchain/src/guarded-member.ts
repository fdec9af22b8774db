import { canonical } from '@guardstile/core';

import type { EntryName } from './entry-points.ts';
import { guardedCall } from './guarded-call.ts';
import { withKnownRun } from './guarded-run-ids.ts';
import { type Known, markWrapper } from './known-tool.ts';
import { parseAsLangChain } from './parse-input.ts';
import { refusalMessage } from './refusal-message.ts';
import { callIdOf, idOf, isToolCallInput } from './tool-call-input.ts';
import type { ToolConfig } from './tool-shape.ts';

/** A method of a tool: `(input, config)` outside, `(args, runManager, config)` where it is parsed. */
export type Member = (...given: unknown[]) => unknown;

/** Guarded members that refuse by throwing: what a guard around this one calls. */
const throwing = new WeakMap<Member, Member>();

/** A member of the same shape that passes through the guard. */
export function guardedMember(known: Known, name: EntryName, member: Member): Member {
  const body = throwing.get(member) ?? member;
  const [enter, wrapper] =
    name === 'invoke' || name === 'call' ? outer(known, body) : inner(known, body);
  throwing.set(wrapper, enter);
  return markWrapper(wrapper, known);
}

/** What LangChain calls with arguments that it has parsed. */
function inner(known: Known, member: Member): readonly [Member, Member] {
  const { original, tool } = known;
  const enter: Member = (args, runManager, given) => {
    const config = given as ToolConfig | undefined; // LangChain's
    return guardedCall(known, { args, config, id: callIdOf(config, tool.name) }, (decided, own) =>
      Reflect.apply(member, original, [decided, runManager, own]),
    );
  };
  const wrapper: Member = async (args, runManager, config) => {
    try {
      return await enter(args, runManager, config);
    } catch (error) {
      const id = callIdOf(config as ToolConfig | undefined, tool.name);
      const message = refusalMessage(error, original, id);
      return original.responseFormat === 'content_and_artifact' ? [message, undefined] : message;
    }
  };
  return [enter, wrapper];
}

/** Where the tool parses the arguments itself, so that it is given parsed ones. */
function outer(known: Known, member: Member): readonly [Member, Member] {
  const { original, tool } = known;
  const enter: Member = async (input, given, ...rest) => {
    const config = configOf(given);
    const raw = isToolCallInput(input) ? input.args : input;
    const args = await parseAsLangChain(original, raw);
    const id = idOf(tool.name, input, config);
    const refusal = await instability(known, args);
    return guardedCall(known, { args, config, id, refusal }, (decided, own) =>
      withKnownRun(known.guard, own, (seen) =>
        Reflect.apply(member, original, [
          isToolCallInput(input) ? { ...input, args: decided } : decided,
          seen === config ? given : seen,
          ...rest,
        ]),
      ),
    );
  };
  const wrapper: Member = async (input, given, ...rest) => {
    try {
      return await enter(input, given, ...rest);
    } catch (error) {
      return refusalMessage(error, original, idOf(tool.name, input, configOf(given)));
    }
  };
  return [enter, wrapper];
}

/** What the tool parses once more must not come out as something else than was decided on. */
async function instability({ original }: Known, args: unknown): Promise<string | undefined> {
  try {
    const again = await parseAsLangChain(original, args);
    if (canonical(again) === canonical(args)) return undefined;
  } catch {
    // Refused below.
  }
  return 'it overrides invoke() and parses its arguments itself, with a schema that changes parsed ones again, so that nobody can tell what would run; leave invoke() as it is, or let the schema keep what it has parsed';
}

/** `call()` takes callbacks in place of a config too. */
function configOf(given: unknown): ToolConfig | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  return Array.isArray(given) || 'handlers' in given ? { callbacks: given } : given;
}
