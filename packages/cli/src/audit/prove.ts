import { type EntryProof, fileEntries, logsIn, proveEntries } from '@guardstile/audit';
import { GuardError } from '@guardstile/core';
import { Command } from 'commander';

import type { Io } from '../io.ts';
import { keyOf } from './public-key.ts';

/** `guardstile audit prove` */
export function proveCommand(io: Io): Command {
  return new Command('prove')
    .description('Prove the entries of one call to somebody who has only the public key.')
    .argument('<path>', 'directory of a log, or of those that several processes write')
    .argument('<rid>', 'the request for the tool call')
    .requiredOption('--public-key <key>', 'the line that keygen printed, or a file with it')
    .addHelpText(
      'after',
      '\nPrints JSON: each entry byte for byte, and its proof in the form of C2SP tlog-proof.\n`guardstile audit check-proof FILE --public-key KEY` verifies it without the log.',
    )
    .action((path: string, rid: string, { publicKey }: { readonly publicKey: string }) => {
      const proofs = proofsOf(path, rid, keyOf(publicKey));
      io.out(`${JSON.stringify(proofs, undefined, 2)}\n`);
    });
}

/** A call that one process asked about and another one ran is in the logs of both. */
function proofsOf(path: string, rid: string, publicKey: string): readonly EntryProof[] {
  const [first = path, ...others] = logsIn(path);
  if (others.length === 0) return proveEntries(first, rid, publicKey);
  const holding = others.filter((log) => fileEntries(log, { rid, limit: 1 }).next().done !== true);
  if (holding.length > 0) return holding.flatMap((log) => proveEntries(log, rid, publicKey));
  throw new GuardError(
    'options_invalid',
    `none of the ${others.length} logs in ${path} has an entry of ${rid}; look for its rid with "guardstile audit tail"`,
  );
}
