import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { readLines } from './read-lines.ts';

/** A chunk, which is what is read at once. */
const CHUNK = 1 << 20;

function linesOf(path: string, from: number): number {
  return [...readLines(path, from)].length;
}

describe('the lines of a file', () => {
  it('are given whole with their places, however long, across chunks and without an end', () => {
    const path = join(temporaryDirectory(), 'file');
    const length = fc.oneof(
      fc.nat(50),
      fc.integer({ min: CHUNK - 3, max: CHUNK + 3 }),
      fc.integer({ min: 2 * CHUNK - 3, max: 2 * CHUNK + 3 }),
    );
    fc.assert(
      fc.property(fc.array(length, { maxLength: 6 }), fc.boolean(), (lengths, ended) => {
        const lines = lengths.map((size, i) => String.fromCharCode(97 + i).repeat(size));
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
        writeFileSync(path, text);
        let offset = 0;
        const found: string[] = [];
        for (const { bytes, offset: at, terminated } of readLines(path)) {
          expect(at).toBe(offset);
          expect(terminated).toBe(at + bytes.length < text.length);
          found.push(bytes.toString());
          offset += bytes.length + 1;
        }
        expect(found.join('\n')).toBe(text.replace(/\n$/, ''));
      }),
      { numRuns: 30 },
    );
  });

  it('begin where they are asked to', () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'one\ntwo\nthree');
    const [line] = readLines(path, 4);
    expect(line).toMatchObject({ offset: 4, terminated: true });
    expect(linesOf(path, 4)).toBe(2);
    expect(linesOf(path, 13)).toBe(0);
  });
});
