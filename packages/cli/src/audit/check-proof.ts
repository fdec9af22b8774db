import { readFileSync } from 'node:fs';

import { type EntryProof, verifyProof } from '@guardstile/audit';
import { Command } from 'commander';
import * as z from 'zod';

import type { Io } from '../io.ts';
import { describeEntry } from './describe-entry.ts';
import { keyOf } from './public-key.ts';

const Proofs = z.array(z.object({ entry: z.string(), proof: z.string() })).min(1);

/** `guardstile audit check-proof` */
export function checkProofCommand(io: Io): Command {
  return new Command('check-proof')
    .description('Verify what "audit prove" printed, without the log.')
    .argument('<file>', 'the JSON that it printed')
    .requiredOption('--public-key <key>', 'the line that keygen printed, or a file with it')
    .action((file: string, { publicKey }: { readonly publicKey: string }) => {
      const proofs: readonly EntryProof[] = Proofs.parse(JSON.parse(readFileSync(file, 'utf8')));
      for (const proof of proofs) {
        const { entry, checkpoint } = verifyProof(proof, keyOf(publicKey));
        io.out(describeEntry(entry, 'long'));
        io.out(`          proved: in the log ${checkpoint.origin} of ${checkpoint.size} entries\n`);
      }
    });
}
