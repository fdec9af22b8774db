import type { Replay } from './replay-all.ts';

/** Whether a replay was as it has to be, and the words for it. */
export interface Conclusion {
  readonly ok: boolean;
  readonly text: string;
}

/** How many problems are written out. */
const SHOWN = 20;

/** Only a replay without any problem, of at least one run, is as it has to be. */
export function conclusionOf({ total, problems }: Replay): Conclusion {
  if (total.runs === 0) return { ok: false, text: 'FAILED: there was no run to replay' };
  if (problems.length === 0) {
    const text =
      `OK: ${total.runs} runs. Every sink call denied, every allowed result unchanged, no body ran ` +
      'without its allow, every log verified with one decision per call of a tool that exists.';
    return { ok: true, text };
  }
  const lines = problems
    .slice(0, SHOWN)
    .map(({ suite, set, kind, detail }) => `${kind} (${suite}, ${set}): ${detail}`);
  return { ok: false, text: [...lines, `FAILED: ${problems.length} problems`].join('\n') };
}
