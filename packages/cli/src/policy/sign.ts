import { readFileSync, renameSync, writeFileSync } from 'node:fs';

import { visible } from '@guardstile/core';
import { checkPolicyFile, signPolicy } from '@guardstile/policy-file';
import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { describeReport } from './describe-report.ts';

/** `guardstile policy sign` */
export function signCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('sign')
    .description('Sign a policy file, so that a running program takes it where it allows more.')
    .argument('<file>', 'policy file (YAML or JSON)')
    .requiredOption('--key-file <path>', 'the private key that `policy keygen` made')
    .addHelpText(
      'after',
      `
Writes <file>.sig: an Ed25519 signature of the file and of everything that it includes. The file
has a revision, which is signed with it; raise it each time, or the program takes your file for an
older one that somebody brought back:

  version: 1
  revision: 4

A file that is invalid, or whose tests fail, is not signed. Deploy the signature first, then the
file, both at once (write another, rename it). At a start no signature is looked at.

Exit codes:
  0  signed
  2  wrong use
  3  the file is invalid, or has no revision
  4  its tests failed

Example:
  guardstile policy sign policies/bank.yaml --key-file ~/keys/bank.key`,
    )
    .action(async (file: string, { keyFile }: { readonly keyFile: string }) => {
      const report = await checkPolicyFile(file);
      const failed = report.tests.some(({ passed }) => !passed);
      if (report.errors.length > 0 || failed) {
        io.error(describeReport(report));
        finish(failed ? 4 : 3);
        return;
      }
      const signature = signPolicy(file, readFileSync(keyFile, 'utf8'));
      writeFileSync(`${file}.sig.new`, signature);
      renameSync(`${file}.sig.new`, `${file}.sig`);
      for (const name of report.files) io.out(`signed ${visible(name)}\n`);
      io.out(`the signature is in ${visible(file)}.sig\n`);
    });
}
