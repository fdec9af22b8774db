import { constants, closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file that code left behind. */
export interface WrittenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const MOST_FILES = 100;
const MOST_BYTES = 16 * 1_048_576;

/** Regular files below a directory that were not there with the same content before. */
export function* writtenFiles(
  directory: string,
  before: Readonly<Record<string, string>>,
): Generator<WrittenFile> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  for (const name of names.slice(0, MOST_FILES)) {
    const bytes = contentOf(join(directory, name));
    if (bytes === undefined) continue;
    const given = Object.hasOwn(before, name) ? before[name] : undefined;
    if (given === undefined || !Buffer.from(given).equals(bytes)) yield { name, bytes };
  }
}

/** Links are not followed, and pipes not waited for. */
function contentOf(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(file);
    return fstatSync(file).isFile() && size <= MOST_BYTES ? readFileSync(file) : undefined;
  } finally {
    closeSync(file);
  }
}
