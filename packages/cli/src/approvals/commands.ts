import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { approveCommand } from './approve.ts';
import { denyCommand } from './deny.ts';
import { editCommand } from './edit.ts';
import { grantsCommand } from './grants.ts';
import { listCommand } from './list.ts';
import { revokeCommand } from './revoke.ts';
import { showCommand } from './show.ts';

/** `guardstile approvals ...` */
export function approvalsCommands(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('approvals')
    .description('Answer what agents ask for: look, approve, edit or deny.')
    .addHelpText(
      'after',
      `
Where approvals are, and who you are, stands in a JSON file that only you can write. Name it with
--config, or once as GUARDSTILE_CONFIG. Paths in it are relative to it:

  {
    "voter": { "id": "ann", "roles": ["finance"], "tenant": "acme" },
    "store": "approvals.db",
    "keyFile": "approvals.key",
    "audit": "votes",
    "auditKeyFile": "votes.key"
  }

The environment does as well: GUARDSTILE_VOTER, GUARDSTILE_VOTER_ROLES (a,b),
GUARDSTILE_VOTER_TENANT, GUARDSTILE_APPROVALS, GUARDSTILE_APPROVALS_KEY_FILE, GUARDSTILE_VOTES_AUDIT,
GUARDSTILE_AUDIT_KEY. No option says who you are: a typing error, or a line that was copied from
somebody else, would answer in another name.

Each answer is written to the log before it counts. See what is open, look, answer:

  guardstile approvals list --watch
  guardstile approvals show aid_…
  guardstile approvals approve aid_…`,
    )
    .addCommand(listCommand(io, finish))
    .addCommand(showCommand(io, finish))
    .addCommand(approveCommand(io, finish))
    .addCommand(denyCommand(io, finish))
    .addCommand(editCommand(io, finish))
    .addCommand(grantsCommand(io, finish))
    .addCommand(revokeCommand(io, finish));
}
