import type { ResultLabels } from './observe-result.ts';
import type { SessionFlow } from './session-flow.ts';

/** Labels what a stream returns. */
export interface StreamLabels {
  /** Takes a chunk. Structured ones are labelled at once. */
  push(chunk: unknown): void;
  /** Labels the text, whole: what two chunks share is one word. Also for a stream that broke off. */
  end(): void;
}

/**
 * Text is labelled when the stream ends, which is before a model is asked for its next call. Until
 * then it has the label of nothing, so a call that is decided meanwhile finds it nowhere.
 */
export function observeStream(labels: ResultLabels, flow: SessionFlow, rid?: string): StreamLabels {
  let chunks: string[] = [];
  return {
    push(chunk) {
      if (typeof chunk === 'string') chunks.push(chunk);
      else labels.observe(flow, chunk, rid);
    },
    end() {
      const text = chunks.join('');
      chunks = [];
      if (text !== '') labels.observe(flow, text, rid);
    },
  };
}
