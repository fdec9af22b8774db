import type { ModelStep, Said, StreamedPart } from './sdk.ts';

type Streamed<End> =
  | StreamedPart
  | { type: 'stream-start'; warnings: [] }
  | ({ type: 'finish' } & End);

/** What the mock model of any version is made of. */
export interface ModelBehaviour<End> {
  doGenerate(): Promise<{ content: Said[]; warnings: [] } & End>;
  doStream(): Promise<{ stream: ReadableStream<Streamed<End>> }>;
}

/** How a version's models say that a step has ended. */
export type EndOf<End> = (reason: 'stop' | 'tool-calls') => End;

/** A model that follows a script whatever it is told, whole or streamed. */
export function modelBehaviour<End>(next: () => ModelStep, endOf: EndOf<End>): ModelBehaviour<End> {
  const endAfter = ({ content }: ModelStep) =>
    endOf(content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop');
  return {
    doGenerate: async () => {
      const step = next();
      return { content: step.content, warnings: [], ...endAfter(step) };
    },
    doStream: async () => {
      const step = next();
      return {
        stream: streamOf<Streamed<End>>([
          { type: 'stream-start', warnings: [] },
          ...step.streamed,
          { type: 'finish', ...endAfter(step) },
        ]),
      };
    },
  };
}

function streamOf<Part>(parts: readonly Part[]): ReadableStream<Part> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

/** The end of a step in the words of the specifications V3 and V4. */
export const detailedEnd: EndOf<{
  finishReason: { unified: 'stop' | 'tool-calls'; raw: string };
  usage: {
    inputTokens: { total: number; noCache: number; cacheRead: number; cacheWrite: number };
    outputTokens: { total: number; text: number; reasoning: number };
  };
}> = (reason) => ({
  finishReason: { unified: reason, raw: reason },
  usage: {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  },
});
