import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { createAuditKeys } from '@guardstile/ai-sdk/node';
import { GuardError } from '@guardstile/core';

type Keys = ReturnType<typeof createAuditKeys>;

/** Where a log and what belongs to it are kept. */
export interface LogPlaces {
  /** The log: what a third party gets a copy of. */
  readonly log: string;
  /** Its secret keys. In earnest they are on another machine's disk, or in a vault. */
  readonly secret: string;
  /** The public key and the anchored checkpoint: what a third party has from elsewhere. */
  readonly public: string;
}

const NAMES = {
  key: 'hmac-key',
  signingKey: 'signing-key.pem',
  publicKey: 'public-key',
} satisfies Readonly<Record<keyof Keys, string>>;

/** The file with the public key that a third party gets. */
export function publicKeyFile(places: LogPlaces): string {
  return join(places.public, NAMES.publicKey);
}

/**
 * The keys of a log: those that it was written with, or new ones for a new log.
 *
 * @throws {GuardError} `options_invalid` when something else is in the log's place,
 * `audit_key_invalid` when its keys are gone, `audit_rolled_back` when the log itself is.
 */
export async function logKeys(places: LogPlaces, create: () => Keys): Promise<Keys> {
  const exists = await holdsLog(places.log);
  if (!exists) await refuseLost(places);
  const known = await readKeys(places.secret);
  if (known === undefined && exists) {
    throw new GuardError(
      'audit_key_invalid',
      `the log ${places.log} is there and its keys in ${places.secret} are not: put them back, or keep this run in another place`,
    );
  }
  const keys = known ?? (await keepKeys(places.secret, create()));
  await mkdir(places.public, { recursive: true });
  await writeFile(publicKeyFile(places), `${keys.publicKey}\n`);
  return keys;
}

async function holdsLog(log: string): Promise<boolean> {
  const names = await namesIn(log);
  if (names.some((name) => /^\d{16}\.jsonl$/.test(name))) return true;
  if (names.every((name) => name === 'lock')) return false;
  throw new GuardError(
    'options_invalid',
    `${log} holds other files and no log: pass a path of which nothing is there yet, or the log of an earlier run`,
  );
}

/** Names in a directory; none where there is none. */
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // of the file system
    if (code === 'ENOENT') return [];
    if (code !== 'ENOTDIR') throw error;
    throw new GuardError(
      'options_invalid',
      `${directory} is not a directory, and a log is one: pass another path`,
      { cause: error },
    );
  }
}

/** Whoever deletes a log as a whole is noticed by what was anchored elsewhere. */
async function refuseLost(places: LogPlaces): Promise<void> {
  const [checkpoint] = (await namesIn(places.public)).filter((name) =>
    name.endsWith('.checkpoint'),
  );
  if (checkpoint === undefined) return;
  throw new GuardError(
    'audit_rolled_back',
    `the log ${places.log} is gone, and ${join(places.public, checkpoint)} says that there was one: restore it, or keep this run in another place`,
  );
}

async function readKeys(secret: string): Promise<Keys | undefined> {
  if ((await namesIn(secret)).length === 0) return undefined;
  const read = async (name: string): Promise<string> =>
    (await readFile(join(secret, name), 'utf8')).trim();
  return {
    key: await read(NAMES.key),
    signingKey: await read(NAMES.signingKey),
    publicKey: await read(NAMES.publicKey),
  };
}

/** All of them at once or none, so that no start finds half of them. */
async function keepKeys(secret: string, keys: Keys): Promise<Keys> {
  await mkdir(dirname(secret), { recursive: true });
  const made = await mkdtemp(`${secret}-`);
  try {
    for (const [field, name] of Object.entries(NAMES)) {
      const text = `${keys[field as keyof Keys].trimEnd()}\n`; // a field of NAMES
      await writeFile(join(made, name), text, { mode: 0o600 });
    }
    await rename(made, secret);
    return keys;
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    // Somebody else was faster: then theirs are the keys of the log.
    const known = await readKeys(secret);
    if (known === undefined) throw error;
    return known;
  }
}
