import { createPolicyKeys } from '@guardstile/policy-file';
import { Command } from 'commander';

import type { Io } from '../io.ts';
import { writeNew } from './write-new.ts';

/** `guardstile policy keygen` */
export function keygenCommand(io: Io): Command {
  return new Command('keygen')
    .description('Make the keys of whoever may widen a policy that is in use.')
    .option('--out <name>', 'writes <name>.key and <name>.pub', 'policy')
    .addHelpText(
      'after',
      `
A policy file that is reloaded while agents run may always take something away. To allow more, it
needs a signature, so that it does not help to be able to write the file. <name>.key signs (only you
can read it; it is never overwritten): keep it away from the machine that runs the agent.
<name>.pub verifies: give it to the program.

  policyFile('bank.yaml', { watch: true, widening: { publicKey: readFileSync('policy.pub', 'utf8') } })

Example:
  guardstile policy keygen --out ~/keys/bank
  guardstile policy sign policies/bank.yaml --key-file ~/keys/bank.key`,
    )
    .action(({ out }: { readonly out: string }) => {
      const { privateKey, publicKey } = createPolicyKeys();
      writeNew(`${out}.key`, privateKey, 0o600);
      writeNew(`${out}.pub`, publicKey, 0o644);
      io.out(`${out}.key signs: keep it secret, away from the machine that runs the agent\n`);
      io.out(`${out}.pub verifies: pass it as widening: { publicKey }\n`);
    });
}
