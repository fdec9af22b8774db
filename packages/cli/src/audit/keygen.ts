import { createAuditKeys } from '@guardstile/audit';
import { Command } from 'commander';

import type { Io } from '../io.ts';

/** `guardstile audit keygen` */
export function keygenCommand(io: Io): Command {
  return new Command('keygen')
    .description('Make the keys of a log: one authenticates, one signs, one is public.')
    .option('--name <name>', 'who signs, such as example.com/audit', 'guardstile')
    .option('--json', 'for machines')
    .action(({ name, json }: { readonly name: string; readonly json?: true }) => {
      const keys = createAuditKeys(name);
      if (json === true) io.out(`${JSON.stringify(keys)}\n`);
      else {
        io.out(`GUARDSTILE_AUDIT_KEY=${keys.key}\n`);
        io.out(`GUARDSTILE_AUDIT_SIGNING_KEY=${JSON.stringify(keys.signingKey)}\n`);
        io.out(`GUARDSTILE_AUDIT_PUBLIC_KEY=${keys.publicKey}\n`);
        io.error('The first two are secret: keep them where neither tools nor the log are.\n');
      }
    });
}
