import type { Attack } from './attack.ts';
import { ATTACKS } from './attacks.ts';
import { type Measured, measure, protectionsOf, sdksOf } from './measure.ts';
import { RUNS } from './run.ts';
import type { Face } from '../transparency/face.ts';

/** One line of the table. */
interface Row {
  readonly attack: string;
  readonly majors: string;
  /** What happened, run by run, and how many runs of the bare SDK it got through in. */
  readonly cells: readonly string[];
}

/** What was measured of one attack on one version, without a guard and with one. */
interface Figures {
  readonly row: Row;
  readonly tried: number;
  readonly through: number;
  readonly bare: Share;
  readonly signed: Share;
}

interface Share {
  readonly count: number;
  readonly of: number;
}

const NONE: Share = { count: 0, of: 0 };

const HEAD = [
  'attack',
  '`ai`',
  ...RUNS.map(({ name }) => name),
  'refused with',
  'SDK alone',
  'SDK with its secret',
];

/** The measured attacks as they are shown in the README, with what they come to. */
export async function attackTable(): Promise<string> {
  const figures: Figures[] = [];
  for (const attack of ATTACKS) {
    for (const sdk of sdksOf(attack)) figures.push(await figuresOf(attack, sdk));
  }
  const rows = merged(figures.map(({ row }) => row));
  const lines = rows.map(({ attack, majors, cells }) => [attack, majors, ...cells]);
  return `${summaryOf(figures)}\n\n${markdown([HEAD, ...lines])}\n`;
}

async function figuresOf(attack: Attack, sdk: Face): Promise<Figures> {
  const measured: Measured[] = [];
  for (const protection of protectionsOf(attack, sdk)) {
    measured.push(...(await measure(attack, sdk, protection)));
  }
  const guarded = measured.filter(({ stage }) => stage.protection.guarded);
  const without = measured.filter(({ stage }) => !stage.protection.guarded);
  const bare = shareOf(
    attack,
    without.filter(({ stage }) => !stage.secret),
  );
  const signed = shareOf(
    attack,
    without.filter(({ stage }) => stage.secret),
  );
  const codes = [...new Set(guarded.flatMap(({ effect }) => effect.codes))].sort();
  const cells = [
    ...RUNS.map((run) =>
      cellOf(
        attack,
        guarded.filter(({ stage }) => stage.run === run),
      ),
    ),
    codes.map((code) => `\`${code}\``).join(', '),
    ...[bare, signed].map(({ count, of }) => (of === 0 ? '–' : `${count} of ${of}`)),
  ];
  return {
    row: { attack: attack.name, majors: String(sdk.major), cells },
    tried: guarded.length,
    through: shareOf(attack, guarded).count,
    bare,
    signed,
  };
}

/** In how many of the runs more bodies ran than a person approved. */
function shareOf({ runs = 0 }: Attack, measured: readonly Measured[]): Share {
  return {
    count: measured.filter(({ effect }) => effect.runs > runs).length,
    of: measured.length,
  };
}

/** Without the secret and with it, where that makes a difference. */
function cellOf(attack: Attack, measured: readonly Measured[]): string {
  const [plain, signed] = [false, true].map((secret) =>
    outcomesOf(
      attack,
      measured.filter(({ stage }) => stage.secret === secret),
    ),
  );
  return plain === signed ? String(plain) : `${plain} / ${signed}`;
}

/** The same behind every protection, or else each with its name. */
function outcomesOf(attack: Attack, measured: readonly Measured[]): string {
  const outcomes = measured.map(({ effect }) => {
    if (effect.runs > (attack.runs ?? 0)) return `RAN ${effect.runs} times`;
    if (effect.runs > 0) return 'once';
    if (effect.codes.length > 0) return 'blocked';
    return effect.asked ? 'asked' : 'SDK';
  });
  if (new Set(outcomes).size <= 1) return outcomes[0] ?? '–';
  return measured
    .map(({ stage }, i) => `${stage.protection.name}: ${outcomes[i] ?? ''}`)
    .join(', ');
}

/** Versions in which the same happened share a line. */
function merged(rows: readonly Row[]): readonly Row[] {
  const lines: Row[] = [];
  for (const row of rows) {
    const same = lines.findIndex(
      (line) => line.attack === row.attack && line.cells.join() === row.cells.join(),
    );
    const line = lines[same];
    if (line === undefined) lines.push(row);
    else lines[same] = { ...line, majors: `${line.majors}, ${row.majors}` };
  }
  return lines;
}

function summaryOf(figures: readonly Figures[]): string {
  const bare = sum(figures.map((figure) => figure.bare));
  const signed = sum(figures.map((figure) => figure.signed));
  const tried = figures.reduce((all, figure) => all + figure.tried, 0);
  const through = figures.reduce((all, figure) => all + figure.through, 0);
  return [
    `Of ${bare.of} attempts, ${bare.count} ran what nobody had approved with the SDK alone`,
    ` (\`needsApproval\`, on 7 \`toolApproval\`), ${signed.count} of ${signed.of} with its`,
    ` \`experimental_toolApprovalSecret\`, and ${through} of ${tried} behind a guard.`,
  ].join('');
}

function sum(shares: readonly Share[]): Share {
  return shares.reduce(
    (all, { count, of }) => ({ count: all.count + count, of: all.of + of }),
    NONE,
  );
}

/** As the formatter of this repository aligns it. */
function markdown(lines: ReadonlyArray<readonly string[]>): string {
  const cells = lines.map((line) => line.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = HEAD.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const rule = widths.map((width) => '-'.repeat(width));
  const [head = [], ...body] = cells.map((line) =>
    line.map((cell, i) => cell.padEnd(widths[i] ?? 0)),
  );
  return [head, rule, ...body].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
