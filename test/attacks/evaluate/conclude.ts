import type { Conclusion } from '../conclusion.ts';
import type { Adapter, Evaluation } from './evaluation.ts';
import type { Options } from './options.ts';
import { CI_EVERY, fallsOf, publish, readPublished } from './published.ts';
import { publishedTable } from './published-table.ts';

/** How many lines are written out. */
const SHOWN = 20;

/** Whether the adapters agreed on every call, and no figure fell. Publishes where it is told to. */
export function conclude(
  evaluations: readonly Evaluation[],
  adapters: readonly Adapter[],
  options: Pick<Options, 'own' | 'every' | 'suites' | 'publish'>,
): Conclusion {
  const bad = evaluations.flatMap(({ contender, differences, problems }) =>
    [...differences, ...problems].map((line) => `${contender.name}: ${line}`),
  );
  if (bad.length > 0) return failed(bad, 'differences and problems');
  const decided = evaluations.flatMap(({ rows }) => rows.flatMap(({ runs }) => runs)).length;
  if (decided === 0) return failed([], 'runs: there was none to measure');
  const seconds = evaluations.reduce((sum, one) => sum + one.seconds, 0).toFixed(1);
  const names = adapters.map(({ name }) => name).join(' and ');
  const { ok, text } = comparison(evaluations, options);
  const all = `${names}: the same verdict on every call. ${decided} runs decided, in ${seconds} s.`;
  return { ok, text: `${all}\n${text}` };
}

function comparison(
  evaluations: readonly Evaluation[],
  options: Pick<Options, 'own' | 'every' | 'suites' | 'publish'>,
): Conclusion {
  if (options.publish) {
    publish(evaluations);
    return { ok: true, text: `Published. For the README:\n\n${publishedTable(readPublished())}` };
  }
  const which = publishedPart(options);
  if (which === undefined) {
    const text = 'Not compared: figures are published of the whole data set, and of what CI takes.';
    return { ok: true, text };
  }
  const falls = fallsOf(evaluations, readPublished(), which);
  if (falls.length > 0) return failed(falls, 'figures fell below the published ones');
  return { ok: true, text: 'No figure is below the published one.' };
}

function publishedPart({
  own,
  every,
  suites,
}: Pick<Options, 'own' | 'every' | 'suites'>): 'all' | 'ci' | undefined {
  if (!own || suites.length > 0) return undefined;
  if (every === CI_EVERY) return 'ci';
  return every === 1 ? 'all' : undefined;
}

function failed(lines: readonly string[], what: string): Conclusion {
  const text = [...lines.slice(0, SHOWN), `FAILED: ${lines.length} ${what}`].join('\n');
  return { ok: false, text };
}
