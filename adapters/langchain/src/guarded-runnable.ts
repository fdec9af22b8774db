import { Runnable, type RunnableConfig } from '@langchain/core/runnables';

import type { ParsedCall } from './call-input.ts';
import { guardedCall } from './guarded-call.ts';
import { type Known, markWrapper } from './known-tool.ts';
import { parseAsLangChain } from './parse-input.ts';
import { refusalMessage } from './refusal-message.ts';
import { idOf, isToolCallInput } from './tool-call-input.ts';

type Config = Partial<RunnableConfig> | undefined;

/**
 * What a `RunnableToolLike` runs, behind the guard. A class, since LangChain streams and batches
 * through methods that only a `Runnable` has.
 */
export class GuardedRunnable extends Runnable {
  readonly lc_namespace: string[] = ['guardstile', 'langchain'];
  readonly #known: Known;
  readonly #bound: Runnable;

  constructor(known: Known, bound: Runnable) {
    super();
    this.#known = known;
    this.#bound = bound;
    markWrapper(this, known);
  }

  override async invoke(input: unknown, config?: Config): Promise<unknown> {
    try {
      return await this.#invoked(await this.#parsed(input, config));
    } catch (error) {
      return this.#refusal(error, input, config);
    }
  }

  override async *_streamIterator(input: unknown, config?: Config): AsyncGenerator {
    try {
      yield* await this.#streamed(await this.#parsed(input, config));
    } catch (error) {
      yield this.#refusal(error, input, config);
    }
  }

  /** Parsed once, here: what it runs takes plain arguments as they are. */
  async #parsed(input: unknown, config: Config): Promise<ParsedCall> {
    const { original, tool } = this.#known;
    const args = isToolCallInput(input) ? await parseAsLangChain(original, input.args) : input;
    return { args, config, id: idOf(tool.name, input, config) };
  }

  async #invoked(call: ParsedCall): Promise<unknown> {
    const bound = this.#bound;
    return guardedCall(
      this.#known,
      call,
      (args, config) =>
        #known in bound
          ? bound.#invoked({ ...call, args, config })
          : bound.invoke(args, config as Config), // as it came
    );
  }

  async #streamed(call: ParsedCall): Promise<AsyncGenerator> {
    const bound = this.#bound;
    const stream = await guardedCall(
      this.#known,
      call,
      async (args, config) =>
        #known in bound
          ? bound.#streamed({ ...call, args, config })
          : chunksOf(await bound.stream(args, config as Config)), // as it came
    );
    return stream as AsyncGenerator; // what was started here
  }

  #refusal(error: unknown, input: unknown, config: Config): unknown {
    const { original, tool } = this.#known;
    return refusalMessage(error, original, idOf(tool.name, input, config));
  }
}

/** A generator, which the guard takes for a stream. */
async function* chunksOf(stream: AsyncIterable<unknown>): AsyncGenerator {
  yield* stream;
}
