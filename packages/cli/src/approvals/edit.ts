import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { acting, EXIT_CODES, UNANSWERED, unknown, withPlaces } from './acting.ts';
import { counted } from './counted.ts';
import { described } from './described.ts';
import { find } from './find.ts';
import type { PlaceOptions } from './read-config.ts';

interface Options extends PlaceOptions {
  readonly set: readonly string[];
  readonly digest?: string;
  readonly note?: string;
  readonly json?: true;
}

/** `guardstile approvals edit` */
export function editCommand(io: Io, finish: (code: ExitCode) => void): Command {
  const command = new Command('edit')
    .description('Approve a call with some of its arguments changed.')
    .argument('<aid>', 'id of the approval')
    .requiredOption('--set <field=value...>', 'a field and its new value, as JSON or as plain text')
    .option('--digest <digest>', 'digest of the arguments that you have looked at, for scripts')
    .option('--note <text>', 'said with it')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Only fields that every rule that asks lets an approver change (\`show\` lists them). It is your
approval of the edited call; what others have approved before counts no more, and they look again.
A value that is JSON is taken for JSON: write '"900"' for a text of digits.
${EXIT_CODES}

Example:
  guardstile approvals edit aid_… --set amount=500 --set 'note=at most 500'`,
    );
  return withPlaces(command).action((aid: string, options: Options) =>
    acting(io, finish, options, async ({ inbox, config }) => {
      const { voter } = config;
      const fields = fieldsOf(options.set);
      const approval = await find(inbox, aid, voter);
      if (approval === undefined) return unknown(io, aid);
      if (options.digest === undefined) {
        if (io.ask === undefined) {
          throw new Error(
            'there is no terminal to ask at; look with `show`, and pass --digest with the digest of what you saw',
          );
        }
        const shown = { ...(approval.shown as object), ...fields }; // an edit of anything else is refused
        io.out(described(io, { ...approval, shown }));
        const answer = await io.ask(
          `Approve it with ${Object.keys(fields).join(', ')} changed as above? Type yes: `,
        );
        if (answer?.trim() !== 'yes') {
          io.error('not approved\n');
          return UNANSWERED;
        }
      }
      const result = await inbox.edit(aid, {
        voter,
        fields,
        digest: options.digest ?? approval.bindings.digest,
        channel: 'cli',
        ...(options.note === undefined ? {} : { note: options.note }),
      });
      return counted(io, result, options.json);
    }),
  );
}

function fieldsOf(given: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, field, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (field === undefined) throw new Error(`--set ${text}: write FIELD=VALUE`);
      return [field, valueOf(value)];
    }),
  );
}

function valueOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}
