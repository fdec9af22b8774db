import { policySchema } from '@guardstile/policy-file';
import { Command } from 'commander';

import type { Io } from '../io.ts';
import { loadTools } from './load-tools.ts';

/** `guardstile policy schema` */
export function schemaCommand(io: Io): Command {
  return new Command('schema')
    .description('Print a JSON Schema for policy files, for editors.')
    .option('--tools <module>', 'module that exports the tools, as `tools` or by default')
    .addHelpText(
      'after',
      `
With --tools the editor knows the names of the tools, their fields and the values these can have.
Save it, and name it in the first line of the policy file:

  guardstile policy schema --tools src/tools.ts > policy.schema.json
  # yaml-language-server: $schema=./policy.schema.json`,
    )
    .action(async ({ tools: module }: { readonly tools?: string }) => {
      const tools = module === undefined ? undefined : await loadTools(module);
      io.out(`${JSON.stringify(await policySchema(tools), null, 2)}\n`);
    });
}
