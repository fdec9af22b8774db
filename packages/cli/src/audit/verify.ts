import { readFileSync } from 'node:fs';

import { type VerifyReport, verifyInWorkers } from '@guardstile/audit';
import { visible } from '@guardstile/core';
import { Command, InvalidArgumentError } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { keyOf } from './public-key.ts';

interface Options {
  readonly publicKey?: string;
  readonly checkpoint?: readonly string[];
  readonly hmacKeyFile?: string;
  readonly workers?: number;
  readonly progress?: true;
  readonly json?: true;
}

const CODES: Readonly<Record<VerifyReport['outcome'], ExitCode>> = {
  verified: 0,
  tampered: 1,
  unproven: 3,
};

/** `guardstile audit verify` */
export function verifyCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('verify')
    .description('Verify logs from their files alone.')
    .argument('<path...>', 'directories of logs')
    .option(
      '--public-key <key>',
      'verifies checkpoints: the line that keygen printed, or a file with it',
    )
    .option(
      '--checkpoint <file...>',
      'checkpoints from where they are anchored, not from beside the log',
    )
    .option(
      '--hmac-key-file <file>',
      'checks in addition that every entry was written with this key',
    )
    .option(
      '--workers <count>',
      'threads that read at once; 0: none (default: one per processor)',
      count,
    )
    .option('--progress', 'says how far it is on stderr, also where that is no terminal')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Exit codes:
  0  verified up to a checkpoint that you passed
  1  tampered with
  2  wrong use
  3  consistent, but nothing shows that no entries are missing at the end`,
    )
    .action(async (paths: readonly string[], options: Options) => {
      const against = {
        ...(options.publicKey === undefined ? {} : { publicKey: keyOf(options.publicKey) }),
        ...(options.hmacKeyFile === undefined
          ? {}
          : { key: readFileSync(options.hmacKeyFile, 'utf8').trim() }),
        checkpoints: (options.checkpoint ?? []).map((file) => readFileSync(file, 'utf8')),
      };
      const { more, end } = progress(io);
      const watched = options.progress === true || process.stderr.isTTY;
      const reports = await verifyInWorkers(paths, against, {
        ...(options.workers === undefined ? {} : { workers: options.workers }),
        ...(watched ? { progress: more } : {}),
      });
      if (options.progress === true) end();
      if (options.json === true) io.out(`${JSON.stringify(reports)}\n`);
      else for (const report of reports) io.out(describe(report));
      finish(worst(reports));
    });
}

function count(text: string): number {
  if (/^[0-9]{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('it has to be a whole number.');
}

/** Entries between two lines: about one second. */
const TOLD = 200_000;

function progress({ error }: Io): {
  readonly more: (entries: number) => void;
  readonly end: () => void;
} {
  let [read, told] = [0, 0];
  const tell = (): void => error(`${(told = read)} entries read\n`);
  return {
    more(entries) {
      read = entries;
      if (read - told >= TOLD) tell();
    },
    end: tell,
  };
}

function worst(reports: readonly VerifyReport[]): ExitCode {
  const outcomes = reports.map(({ outcome }) => outcome);
  if (outcomes.includes('tampered')) return CODES.tampered;
  return outcomes.includes('unproven') ? CODES.unproven : CODES.verified;
}

function describe(report: VerifyReport): string {
  const { path, log, entries, files, unknown, clockSteps, evicted } = report;
  const lines = [
    headline(report),
    `${visible(log ?? 'no log')}: ${counted(entries, 'entry', 'entries')} in ${counted(files, 'file', 'files')}${evicted === 0 ? '' : `, the first ${evicted} given up`}`,
    authenticity(report),
    ...(unknown.length === 0
      ? []
      : [`${unknown.length} attempts were allowed and have no outcome`]),
    ...(clockSteps === 0 ? [] : [`the clock went backwards ${clockSteps} times`]),
  ];
  return `${visible(path)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function headline({ outcome, checkpoint, entries, evicted, fault }: VerifyReport): string {
  switch (outcome) {
    case 'verified': {
      const after = entries + evicted - (checkpoint ?? 0);
      const rest = after === 0 ? '' : `; the ${after} behind it are consistent`;
      return `VERIFIED up to entry ${checkpoint ?? 0}${rest}`;
    }
    case 'tampered': {
      const { file, offset, seq, reason } = fault ?? { seq: 0, reason: 'for no reason known' };
      const where = file === undefined ? '' : `${visible(file)}, offset ${offset}, `;
      return `TAMPERED: ${where}entry ${seq}: ${visible(reason)}`;
    }
    case 'unproven':
      return 'CONSISTENT, but entries at the end may be missing: pass --checkpoint and --public-key';
    default:
      return outcome satisfies never;
  }
}

function authenticity({ authenticated, outcome }: VerifyReport): string {
  if (authenticated) return 'every entry was written with the key';
  return outcome === 'verified'
    ? 'what the checkpoint covers was signed; entries behind it could be anybody\u2019s without --hmac-key-file'
    : 'who wrote the entries was not checked: pass --hmac-key-file';
}

function counted(many: number, one: string, more: string): string {
  return `${many} ${many === 1 ? one : more}`;
}
