import { type Column, differencesOf } from './comparison.ts';
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
  return failed(
    'problems',
    problems.map(({ suite, set, kind, detail }) => `${kind} (${suite}, ${set}): ${detail}`),
  );
}

/** Of several replays each has to be sound, and all have to have decided the same. */
export function commonConclusion(columns: readonly Column[]): Conclusion {
  const all = columns.map(({ name, replay }) => ({ name, ...conclusionOf(replay) }));
  const differences = differencesOf(columns);
  const last: Conclusion =
    differences.length === 0
      ? { ok: columns.length > 0, text: `${columns.length} columns with the same verdicts.` }
      : failed('runs with other verdicts', differences);
  return {
    ok: last.ok && all.every(({ ok }) => ok),
    text: [...all.map(({ name, text }) => `${name}: ${text}`), last.text].join('\n'),
  };
}

function failed(what: string, lines: readonly string[]): Conclusion {
  return {
    ok: false,
    text: [...lines.slice(0, SHOWN), `FAILED: ${lines.length} ${what}`].join('\n'),
  };
}
