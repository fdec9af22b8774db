import { readFileSync, statSync } from 'node:fs';

/** Permissions of others, by what they would let them do. */
const OTHERS = { write: 0o022, read: 0o077 } as const;

/**
 * Reads a file on whose content it depends who somebody is, or what is kept secret.
 *
 * @throws where others may write it, or read it too.
 */
export function privateFile(path: string, others: keyof typeof OTHERS): Buffer {
  const { mode, uid } = statSync(path);
  const me = process.getuid?.();
  // Where there are no users and modes, the directory has to do.
  if (me !== undefined) {
    if (uid !== me && uid !== 0) throw new Error(`${path} belongs to somebody else`);
    if ((mode & OTHERS[others]) !== 0) {
      const wanted = others === 'read' ? '600' : '644';
      throw new Error(`others may ${others} ${path}; run: chmod ${wanted} ${path}`);
    }
  }
  return readFileSync(path);
}
