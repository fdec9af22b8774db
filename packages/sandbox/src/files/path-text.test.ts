import { describe, expect, it } from 'vitest';

import { unclearPath } from './path-text.ts';

// Windows is not run here: what it would make of a name is judged by the text alone.
describe('a path on Windows', () => {
  it.each([
    'CON',
    'con.txt',
    'sub/aux',
    'sub\\NUL.tar.gz',
    'COM1',
    'com¹.log',
    'LPT³',
    'CONIN$',
    'file.txt::$DATA',
    'file.txt:stream',
    'C:file.txt',
    'C:\\x\\D:\\y',
    'name.',
    'name ',
    'sub. /x',
    '\\\\server\\share\\x',
    '//server/share/x',
    '\\\\?\\C:\\x',
    '\\\\.\\pipe\\x',
    'PROGRA~1',
  ])('%j is refused: it is more than a name', (path) => {
    expect(unclearPath(path, true)).toEqual(expect.any(String));
  });

  it.each([
    'C:\\work\\a.txt',
    'C:/work/a.txt',
    'sub\\..\\a.txt',
    'console.log',
    'comet.txt',
    'nul-1',
  ])('%j is a name like others', (path) => expect(unclearPath(path, true)).toBeUndefined());
});
