import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type AuditEntry, GuardError, isGuardError } from '@guardstile/core';

import { withForgedCopy } from './forged-copy.ts';
import type { NodeParts } from './framework.ts';
import { type Finding, forgeryOf, type Ledger } from './ledger.ts';
import { logKeys, type LogPlaces, publicKeyFile } from './log-keys.ts';
import { shellWord } from './shell-word.ts';

/**
 * A log on disk, which earlier runs began and later ones go on with. What it proves is proved with the
 * public key and the anchored checkpoint alone.
 *
 * @throws {GuardError} when `path` cannot be used; then nothing there was changed.
 */
export async function fileLedger(path: string, node: NodeParts): Promise<Ledger> {
  const log = resolve(path);
  const places: LogPlaces = { log, secret: `${log}.secret`, public: `${log}.public` };
  const keys = await coded(log, logKeys(places, node.createAuditKeys));
  const audit = node.fileAudit(log, { ...keys, anchors: [node.fileAnchor(places.public)] });
  const before = audit.query().at(-1)?.seq ?? -1;
  try {
    // A log that its anchor contradicts refuses here, before anything is set up.
    await audit.append({ kind: 'application', action: 'demo.started', actor: 'demo' });
  } catch (error) {
    await audit.close().catch(() => undefined);
    throw error;
  }
  const checkpoint = join(places.public, `${audit.id}.checkpoint`);
  const entries = (): readonly AuditEntry[] => audit.query({ after: before });

  /** As somebody does who has these files and no secret. */
  const look = (directory: string) =>
    node.verifyLog(directory, {
      publicKey: keys.publicKey,
      checkpoints: [readFileSync(checkpoint, 'utf8')],
    });

  function verified(): Finding {
    const { outcome, checkpoint: size, fault } = look(log);
    const words =
      outcome === 'verified'
        ? `${size} entries up to the anchored checkpoint, with the public key alone`
        : `no: ${outcome}, ${fault?.reason ?? 'and nothing more is known'}`;
    return { ok: outcome === 'verified', words };
  }

  async function tampered(): Promise<Finding> {
    const forgery = forgeryOf(entries());
    if (forgery === undefined) return { ok: true, words: 'nothing was decided' };
    const { target, action } = forgery;
    const { outcome, fault } = await withForgedCopy(log, forgery, look);
    const { file, offset, seq, reason } = fault ?? {};
    const found =
      reason === undefined
        ? 'not noticed'
        : `refused: ${file === undefined ? '' : `${file}, offset ${offset}, `}entry ${seq}: ${reason}`;
    const words = `copy with ${action} as entry ${target.seq}: ${found}`;
    return { ok: outcome === 'tampered', words };
  }

  return {
    audit,
    words: `${fromHere(log)}${before < 0 ? ', new' : `, which goes on after entry ${before}`}`,
    files: Object.values(places),
    entries,
    verified,
    tampered,
    handOver(screen) {
      screen.title('For a third party');
      screen.entry('log', fromHere(log));
      screen.entry('key', fromHere(publicKeyFile(places)));
      screen.entry('anchor', fromHere(checkpoint));
      screen.entry(
        'means',
        'the log is protected up to the last anchored checkpoint: nobody can change, drop or reorder an entry before it unseen. ' +
          `In earnest ${fromHere(places.secret)} and the anchor are on other machines than the log.`,
      );
      screen.line();
      screen.line(`   npx guardstile audit verify ${shellWord(fromHere(log))} \\`);
      screen.line(`     --public-key ${shellWord(fromHere(publicKeyFile(places)))} \\`);
      screen.line(`     --checkpoint ${shellWord(fromHere(checkpoint))}`);
    },
  };
}

/** What the file system refuses, as an error that says so with a code. */
async function coded<T>(log: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isGuardError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new GuardError('audit_error', `no log can be kept at ${log} (${why})`, { cause: error });
  }
}

/** A path as it is typed here. */
function fromHere(path: string): string {
  const way = relative(process.cwd(), path);
  return way === '' || way.startsWith('..') ? path : way;
}
