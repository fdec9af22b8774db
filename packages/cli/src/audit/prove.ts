import { proveEntries } from '@guardstile/audit';
import { Command } from 'commander';

import type { Io } from '../io.ts';
import { keyOf } from './public-key.ts';

/** `guardstile audit prove` */
export function proveCommand(io: Io): Command {
  return new Command('prove')
    .description('Prove the entries of one call to somebody who has only the public key.')
    .argument('<path>', 'directory of a log')
    .argument('<rid>', 'the request for the tool call')
    .requiredOption('--public-key <key>', 'the line that keygen printed, or a file with it')
    .addHelpText(
      'after',
      '\nPrints JSON: each entry byte for byte, and its proof in the form of C2SP tlog-proof.\n`guardstile audit check-proof FILE --public-key KEY` verifies it without the log.',
    )
    .action((path: string, rid: string, { publicKey }: { readonly publicKey: string }) => {
      const proofs = proveEntries(path, rid, keyOf(publicKey));
      io.out(`${JSON.stringify(proofs, undefined, 2)}\n`);
    });
}
