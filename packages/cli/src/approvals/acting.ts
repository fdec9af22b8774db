import type { InboxRefusal, InboxRefusalReason } from '@guardstile/approvals';
import { isGuardError, visible } from '@guardstile/core';
import { type Command, Option } from 'commander';

import { type ExitCode, type Io, USAGE } from '../io.ts';
import { type OpenInbox, openInbox } from './open-inbox.ts';
import { type PlaceOptions, readConfig } from './read-config.ts';

/** Nobody said yes. */
export const UNANSWERED: ExitCode = 1;
const UNKNOWN: ExitCode = 3;
const NOT_YOURS: ExitCode = 4;
const LOOK_AGAIN: ExitCode = 5;
/** The store or the log failed, and nothing counted. */
const FAILED: ExitCode = 6;

export const EXIT_CODES = `
Exit codes:
  0  done
  1  you said no, or left the question open; nothing was counted
  2  wrong use, or nobody knows who you are
  3  there is nothing with this id
  4  not for you to answer: you are not named, it is your own request, another tenant's, you have
     answered already, or the rule does not let you change or grant that
  5  look again: it is decided already, was edited since, or has hidden values that you have not seen
  6  the store or the log failed; nothing was counted`;

const CODES: Readonly<Record<InboxRefusalReason, ExitCode>> = {
  unknown: UNKNOWN,
  decided: LOOK_AGAIN,
  changed: LOOK_AGAIN,
  unrevealed: LOOK_AGAIN,
  'other-tenant': NOT_YOURS,
  'not-named': NOT_YOURS,
  'own-request': NOT_YOURS,
  'voted-already': NOT_YOURS,
  'not-editable': NOT_YOURS,
  'not-grantable': NOT_YOURS,
  'no-arguments': LOOK_AGAIN,
  'too-long': USAGE,
};

/** Adds the options that say where approvals are. */
export function withPlaces(command: Command): Command {
  return command
    .option('--config <file>', 'JSON file: { "voter": { "id", "roles", "tenant" }, "store", … }')
    .option('--store <file>', 'the approvals (SQLite)')
    .option('--key-file <file>', 'the 32 bytes that the store is encrypted under')
    .addOption(
      new Option('--audit <directory>', 'log of these commands’ own, for what is answered'),
    )
    .addOption(new Option('--audit-key-file <file>', 'its key; otherwise GUARDSTILE_AUDIT_KEY'));
}

/** Runs what a command does with the inbox open, and closes it. */
export async function acting(
  io: Io,
  finish: (code: ExitCode) => void,
  options: PlaceOptions,
  act: (opened: OpenInbox) => Promise<ExitCode>,
): Promise<void> {
  let opened: OpenInbox | undefined;
  const config = readConfig(options, process.env);
  try {
    opened = openInbox(config);
    finish(await act(opened));
  } catch (error) {
    if (!isGuardError(error) || error.code === 'options_invalid') throw error;
    io.error(`guardstile: ${error.message} [${error.code}]\n`);
    finish(FAILED);
  } finally {
    await opened?.close();
  }
}

/** Says why nothing was counted. */
export function refused(io: Io, { reason, message }: InboxRefusal): ExitCode {
  io.error(`not counted: ${visible(message)} [${reason}]\n`);
  return CODES[reason];
}

/** An id that is none. */
export function unknown(io: Io, id: string): ExitCode {
  io.error(`there is nothing with the id ${visible(id)}; list what is open\n`);
  return UNKNOWN;
}
