import { type Fact, type Guard, GuardError, ownOptions } from '@guardstile/core';

import { fieldOf } from './field-of.ts';
import { answersIn, denyAnswers } from './provider-answers.ts';
import { offer, type Offer } from './provider-offer.ts';
import { type Inspect, inspectResults } from './provider-results.ts';
import { decideProvider, type ProviderIdentity, type ProviderVerdict } from './provider-verdict.ts';
import { coverageOfTool } from './tool-coverage.ts';
import { turnsIn } from './turns-in.ts';

export interface ProviderToolOptions {
  /** Only these may be offered (by name, or as the provider calls them), and still only as the policy says. @default all */
  readonly allow?: readonly string[];
  /** What the developer states of provider tools and servers, by name. */
  readonly facts?: Readonly<Record<string, Fact | readonly Fact[]>>;
  /** Tools out of `withGuard()`: those that the provider defines and this process runs stay offered. */
  readonly tools?: Readonly<Record<string, object>>;
  /** Whether what a provider ran although it is denied ends the step. @default 'veto' */
  readonly onDenied?: 'veto' | 'audit';
}

const KNOWN = ['allow', 'facts', 'tools', 'onDenied'] as const;

/** A middleware for `wrapLanguageModel()` of `ai` 5, 6 and 7. */
export interface ProviderToolMiddleware {
  /** Every version of the SDK wants its own here, and none reads it. */
  readonly specificationVersion: never;
  transformParams<P extends object>(options: { readonly params: P }): Promise<P>;
  wrapGenerate<R extends object>(options: {
    readonly doGenerate: () => PromiseLike<R>;
    readonly params: object;
  }): Promise<R>;
  wrapStream<R extends object>(options: {
    readonly doStream: () => PromiseLike<R>;
    readonly params: object;
  }): Promise<R>;
}

/**
 * Withholds from the provider what the guard does not allow it to run: its own tools, and MCP
 * servers that it would call. What would have to be asked is withheld too, except MCP tools of
 * OpenAI, which are made to ask before every call. What comes back is written to the log. A data flow
 * hears what is said to a model that is offered tools, and what providers return.
 *
 * @example
 * const model = wrapLanguageModel({ model: openai('gpt-5'), middleware: providerToolMiddleware(guard) });
 *
 * @throws {GuardError} `options_invalid`.
 */
export function providerToolMiddleware(
  guard: Guard,
  options: ProviderToolOptions = {},
): ProviderToolMiddleware {
  const {
    allow,
    facts = {},
    tools = {},
    onDenied = 'veto',
  } = ownOptions('providerToolMiddleware', options, KNOWN, 'options_invalid');
  if (onDenied !== 'veto' && onDenied !== 'audit') {
    throw new GuardError(
      'options_invalid',
      "providerToolMiddleware: onDenied has to be 'veto' or 'audit'",
    );
  }
  const decide = decideProvider(guard, facts);
  const offers = new WeakMap<object, Offer>();
  const told = new Set<string>();

  async function verdictOf(identity: ProviderIdentity, args: unknown): Promise<ProviderVerdict> {
    const { name, id } = identity;
    if (Object.hasOwn(tools, name) && runsHere(tools[name], id)) return { effect: 'here' };
    const listed = allow === undefined || allow.includes(name) || allow.includes(id);
    if (!listed) return { effect: 'deny', reason: 'it is not on the allow list', code: 'denied' };
    return decide(identity, args);
  }

  async function offerOf(params: object): Promise<Offer> {
    return offers.get(params) ?? (await offer(params, verdictOf)).offer;
  }

  async function tell({ withheld }: Offer): Promise<void> {
    for (const [tool, reason] of withheld) {
      const finding = JSON.stringify([tool, reason]);
      if (told.has(finding)) continue;
      told.add(finding);
      await guard.report({ action: 'provider.withheld', actor: 'guard', tool, reason });
    }
  }

  const inspectorOf = async (params: object): Promise<Inspect> =>
    inspectResults(guard, decide, await offerOf(params), onDenied);

  return {
    specificationVersion: 'v4' as never,
    async transformParams({ params }) {
      if (offersTools(params)) await guard.heard(turnsIn(fieldOf(params, 'prompt')));
      const offered = await offer(params, verdictOf);
      await tell(offered.offer);
      // What may not be called any more may not be approved either.
      const next = offered.offer.servers ? offered.params : denyAnswers(offered.params);
      for (const payload of answersIn(next)) {
        await guard.report({ action: 'provider.answer', actor: 'application', payload });
      }
      offers.set(next, offered.offer);
      return next;
    },
    async wrapGenerate({ doGenerate, params }) {
      const inspect = await inspectorOf(params);
      const result = await doGenerate();
      const { content } = result as { readonly content?: unknown };
      for (const part of Array.isArray(content) ? (content as readonly unknown[]) : []) {
        const error = await inspect(part);
        if (error !== undefined) throw error;
      }
      return result;
    },
    async wrapStream({ doStream, params }) {
      const inspect = await inspectorOf(params);
      const result = await doStream();
      // Not asked for its class: a stream of a polyfill has to be looked into too.
      const { stream } = result as { readonly stream?: ReadableStream<unknown> };
      return stream === undefined
        ? result
        : { ...result, stream: stream.pipeThrough(inspected(inspect)) };
    },
  };
}

/** Others sum texts up, name chats and the like: what they are asked, code has put together. */
function offersTools(params: object): boolean {
  const tools = fieldOf(params, 'tools');
  return Array.isArray(tools) && tools.length > 0;
}

/** Tools that the provider only defines: a guarded body here, and nothing says the provider runs it. */
function runsHere(tool: unknown, id: string): boolean {
  if (coverageOfTool(tool) !== 'guarded') return false;
  return Reflect.get(tool as object, 'id') === id;
}

function inspected(inspect: Inspect): TransformStream<unknown, unknown> {
  return new TransformStream({
    async transform(part, controller) {
      const error = await failureOf(inspect, part);
      if (error === undefined) return controller.enqueue(part);
      controller.enqueue({ type: 'error', error });
      controller.terminate();
    },
  });
}

async function failureOf(inspect: Inspect, part: unknown): Promise<unknown> {
  try {
    return await inspect(part);
  } catch (error) {
    return error;
  }
}
