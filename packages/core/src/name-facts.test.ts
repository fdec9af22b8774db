import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferFromName, wordsOf } from './name-facts.ts';

describe('the words of a name', () => {
  it.each([
    ['readFile', 'read file'],
    ['read_file', 'read file'],
    ['read-file', 'read file'],
    ['github.read-file', 'github read file'],
    ['mcp__files__read', 'mcp files read'],
    ['HTTPRequest2', 'http request'],
    ['parseJSON', 'parse json'],
    ['SQLDelete', 'sql delete'],
    ['DELETE-user', 'delete user'],
    ['deleteALL', 'delete all'],
    ['rm2', 'rm'],
    ['step2delete', 'step delete'],
    ['OAuth2Token', 'o auth token'],
    ['ｄｅｌｅｔｅ', 'delete'],
    ['löscheDatei', 'lösche datei'],
    ['удалитьФайл', 'удалить файл'],
    ['42', ''],
    ['', ''],
    ['___', ''],
  ])('of %j are %j', (name, words) => {
    expect(wordsOf(name).join(' ')).toBe(words);
  });

  it('are found in time that grows with the length of the name', () => {
    // Each of these takes hours where a pattern goes back over what it has seen.
    for (const part of ['1', 'a', 'A', 'aA', '_', '1a', 'Aa1']) {
      expect(wordsOf(`${part.repeat(1_000_000)}a`).length).toBeGreaterThan(0);
    }
  });
});

describe('what a name suggests', () => {
  it.each([
    ['read_file', ['readFile']],
    ['write_note', ['writeFile']],
    ['saveDraft', ['writeFile']],
    ['executeTask', ['executeCode']],
    ['run', ['executeCode']],
    ['fetchUrl', ['network']],
    ['web-search', ['network']],
    ['query', ['databaseRead']],
    ['insertRow', ['databaseWrite']],
    ['deleteUser', ['databaseWrite']],
    ['delete_user', ['databaseWrite']],
    ['DELETE-user', ['databaseWrite']],
    ['emailCustomer', ['sendEmail']],
    ['rm2', ['destructive']],
    ['refund', ['money']],
    ['read_and_email_and_read', ['readFile', 'sendEmail']],
  ])('is found by whole words: %s', (name, facts) => {
    expect(inferFromName(name)).toEqual(facts);
  });

  it.each([
    'undeleted',
    'rerun',
    'emailable',
    'getDeletedItems',
    'thread',
    'bread',
    'spreadsheet',
    'overwritten',
    'runner',
    'prune',
    'fetcher',
    'research',
    'dropdown',
    'payload',
    'repayment',
    'killer',
    'catalog',
    'format',
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
  ])('is nothing where a word is only part of another: %s', (name) => {
    expect(inferFromName(name)).toEqual([]);
  });

  it('does not depend on how the words are joined', () => {
    const word = fc.constantFrom('delete', 'user', 'read', 'email', 'all', 'run', 'item');
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const title = (text: string): string => text[0]?.toUpperCase() + text.slice(1);
        const expected = inferFromName(words.join('_'));
        for (const name of [
          words.join('-'),
          words.join('.'),
          words.join('2'),
          words.join(' ').toUpperCase(),
          words.map(title).join(''),
          [words[0], ...words.slice(1).map(title)].join(''),
        ]) {
          expect(inferFromName(name)).toEqual(expected);
        }
      }),
    );
  });
});
