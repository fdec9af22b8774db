import { dirname, resolve } from 'node:path';

import type { Voter } from '@guardstile/approvals';
import * as z from 'zod';

import { privateFile } from './private-file.ts';

/** Where approvals are, and who answers. */
export interface ApprovalsConfig {
  readonly voter: Voter;
  readonly store: string;
  readonly keyFile: string;
  readonly audit: string | undefined;
  readonly auditKeyFile: string | undefined;
}

/** The log of what people did here, and who does it. */
export type LogConfig = Pick<ApprovalsConfig, 'voter' | 'audit' | 'auditKeyFile'>;

/** What the options of every command may say. Nothing in it says who answers. */
export interface PlaceOptions {
  readonly config?: string;
  readonly store?: string;
  readonly keyFile?: string;
  readonly audit?: string;
  readonly auditKeyFile?: string;
}

const name = z.string().min(1);

const document = z.strictObject({
  voter: z
    .strictObject({ id: name, roles: z.array(name).optional(), tenant: name.optional() })
    .optional(),
  store: name.optional(),
  keyFile: name.optional(),
  audit: name.optional(),
  auditKeyFile: name.optional(),
});

type Environment = Readonly<Record<string, string | undefined>>;
type Config = {
  readonly [Field in keyof z.infer<typeof document>]: z.infer<typeof document>[Field] | undefined;
};

/** Options go before the file, and the file before the environment; but who answers is said once. */
export function readConfig(options: PlaceOptions, env: Environment): ApprovalsConfig {
  const file = fileOf(options, env);
  return {
    ...logOf(options, file, env),
    store: needed(options.store ?? file.store ?? env['GUARDSTILE_APPROVALS'], 'store', '--store'),
    keyFile: needed(
      options.keyFile ?? file.keyFile ?? env['GUARDSTILE_APPROVALS_KEY_FILE'],
      'keyFile',
      '--key-file',
    ),
  };
}

/** The same for commands that need no store; nothing where no log is named. */
export function readLogConfig(options: PlaceOptions, env: Environment): LogConfig | undefined {
  const file = fileOf(options, env);
  return auditOf(options, file, env) === undefined ? undefined : logOf(options, file, env);
}

function fileOf({ config }: PlaceOptions, env: Environment): Config {
  const path = config ?? env['GUARDSTILE_CONFIG'];
  return path === undefined ? {} : readFile(path);
}

function logOf(options: PlaceOptions, file: Config, env: Environment): LogConfig {
  return {
    voter: voterOf(file, env),
    audit: auditOf(options, file, env),
    auditKeyFile: options.auditKeyFile ?? file.auditKeyFile,
  };
}

function auditOf({ audit }: PlaceOptions, file: Config, env: Environment): string | undefined {
  return audit ?? file.audit ?? env['GUARDSTILE_VOTES_AUDIT'];
}

function readFile(path: string): Config {
  let found: unknown;
  try {
    found = JSON.parse(privateFile(path, 'write').toString('utf8'));
  } catch (cause) {
    throw new Error(`the configuration cannot be used: ${String(cause)}`, { cause });
  }
  const { data, error } = document.safeParse(found);
  if (error !== undefined) throw new Error(`${path}: ${z.prettifyError(error)}`);
  const beside = (place: string | undefined): string | undefined =>
    place === undefined ? undefined : resolve(dirname(path), place);
  const { voter, store, keyFile, audit, auditKeyFile } = data;
  return {
    voter,
    store: beside(store),
    keyFile: beside(keyFile),
    audit: beside(audit),
    auditKeyFile: beside(auditKeyFile),
  };
}

function voterOf({ voter }: Config, env: Environment): Voter {
  const id = env['GUARDSTILE_VOTER'];
  if (voter !== undefined && id !== undefined) {
    throw new Error(
      'both the configuration and GUARDSTILE_VOTER say who you are; leave one of them out',
    );
  }
  if (voter !== undefined) {
    const { id: known, roles = [], tenant } = voter;
    return { id: known, roles, ...(tenant === undefined ? {} : { tenant }) };
  }
  if (id === undefined || id === '') {
    throw new Error(
      'nobody knows who you are: name yourself in a configuration (--config FILE with { "voter": { "id": "ann" } }) or as GUARDSTILE_VOTER',
    );
  }
  const tenant = env['GUARDSTILE_VOTER_TENANT'];
  const roles = (env['GUARDSTILE_VOTER_ROLES'] ?? '').split(',').map((role) => role.trim());
  return {
    id,
    roles: roles.filter((role) => role !== ''),
    ...(tenant === undefined || tenant === '' ? {} : { tenant }),
  };
}

function needed(value: string | undefined, field: string, option: string): string {
  if (value !== undefined) return value;
  throw new Error(`pass ${option}, or name "${field}" in the configuration`);
}
