import type { KeyObject } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';

import type { ChainPoint } from './chain-check.ts';
import type { Piece } from './read-log.ts';
import { type PieceReport, type PieceStart, readPiece } from './read-piece.ts';

/** What a thread is given at its start. */
export interface WorkerSetup {
  readonly key: KeyObject | undefined;
}

/** A piece to be read. */
export interface Job {
  readonly piece: Piece;
  readonly start: PieceStart;
  readonly sizes: ReadonlySet<number>;
}

/** What a thread says: how many entries it has read since the last time, or what it found. */
export type Said = { readonly read: number } | { readonly report: PieceReport };

/** Reads the pieces it is told to, one after the other. */
export function serveReading(port: MessagePort, { key }: WorkerSetup): void {
  const say = (said: Said): void => port.postMessage(said);
  const progress = (read: number): void => say({ read });
  port.on('message', ({ piece, start, sizes }: Job) => {
    const from = withBuffers(start.from);
    say({ report: readPiece(piece, { ...start, from }, { key, sizes, progress }) });
  });
}

/** Bytes that another thread has sent have lost their class. */
export function withBuffers(point: ChainPoint): ChainPoint {
  return { ...point, peaks: point.peaks.map((peak) => Buffer.from(peak)) };
}
