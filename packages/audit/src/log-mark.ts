import { readFileSync } from 'node:fs';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';

import { canonical } from '@guardstile/core';

import type { ChainPoint } from './chain-check.ts';
import { peaksOf } from './compact-range.ts';
import { replaceFile, replaceFileSoon } from './durable-file.ts';
import { macOf, sha256Hex } from './hashing.ts';

/**
 * Where a log stood, so that whoever opens it need not read what came before. Authenticated with the
 * log's key; one that is old costs time and nothing else.
 */
export interface LogMark extends ChainPoint {
  readonly log: string;
  /** First entry of the segment that the next line is in. */
  readonly segment: number;
  /** Where the next line starts in that segment, in bytes. */
  readonly offset: number;
  /** Attempts that were allowed and have no outcome yet. */
  readonly open: readonly string[];
  /** Whether the last entry closed the log. */
  readonly closed: boolean;
}

/** `mark`: what was on disk last. `base`: what was there when older segments were given up. */
export type MarkName = 'mark' | 'base';

/** The mark as authenticated text. */
export function formatMark(name: MarkName, mark: LogMark, key: KeyObject): string {
  const body = canonical({ ...mark, peaks: mark.peaks.map((peak) => peak.toString('hex')) });
  const mac = macOf(key, sha256Hex(`${name}\n${body}`));
  return `{"mark":${body},"mac":"${mac}"}\n`;
}

const WHOLE = /^\{"mark":(\{.*\}),"mac":"([0-9a-f]{64})"\}\n$/s;

/** What a text says, if the holder of the key wrote it. Without a key nobody knows. */
export function parseMark(
  name: MarkName,
  text: string,
  key: KeyObject | undefined,
): LogMark | undefined {
  const [, body = '', mac = ''] = WHOLE.exec(text) ?? [];
  if (body === '') return undefined;
  if (key !== undefined && macOf(key, sha256Hex(`${name}\n${body}`)) !== mac) return undefined;
  const mark = JSON.parse(body) as LogMark & { readonly peaks: readonly unknown[] }; // checked with the key, or below
  const peaks = mark.peaks.map((peak) => Buffer.from(String(peak), 'hex'));
  // Without the key nobody knows who wrote it: what cannot be continued is none.
  return isPoint({ ...mark, peaks }) ? { ...mark, peaks } : undefined;
}

/** Whether a chain can be continued from there. */
export function isPoint({ size, head, peaks }: ChainPoint): boolean {
  const whole = peaks.every((peak) => peak.length === 32) && /^[0-9a-f]{64}$/.test(head);
  return whole && Number.isSafeInteger(size) && size >= 0 && peaks.length === peaksOf(size);
}

export function writeMark(directory: string, name: MarkName, mark: LogMark, key: KeyObject): void {
  // An old `mark` costs time and nothing else; without its `base` nobody could read a log.
  const replace = name === 'base' ? replaceFile : replaceFileSoon;
  replace(join(directory, `${name}.json`), formatMark(name, mark, key));
}

export function readMark(
  directory: string,
  name: MarkName,
  key: KeyObject | undefined,
): LogMark | undefined {
  try {
    return parseMark(name, readFileSync(join(directory, `${name}.json`), 'utf8'), key);
  } catch {
    return undefined;
  }
}
