import type { Fact } from './facts.ts';

const FACT_OF_WORD: Readonly<Record<string, Fact>> = {
  read: 'readFile',
  cat: 'readFile',
  write: 'writeFile',
  save: 'writeFile',
  edit: 'writeFile',
  upload: 'writeFile',
  execute: 'executeCode',
  exec: 'executeCode',
  run: 'executeCode',
  eval: 'executeCode',
  bash: 'executeCode',
  shell: 'executeCode',
  command: 'executeCode',
  fetch: 'network',
  search: 'network',
  http: 'network',
  browse: 'network',
  download: 'network',
  query: 'databaseRead',
  select: 'databaseRead',
  insert: 'databaseWrite',
  upsert: 'databaseWrite',
  delete: 'databaseWrite',
  email: 'sendEmail',
  mail: 'sendEmail',
  remove: 'destructive',
  drop: 'destructive',
  destroy: 'destructive',
  truncate: 'destructive',
  purge: 'destructive',
  wipe: 'destructive',
  kill: 'destructive',
  revoke: 'destructive',
  rm: 'destructive',
  pay: 'money',
  payment: 'money',
  refund: 'money',
  transfer: 'money',
  charge: 'money',
  withdraw: 'money',
};

/** The words of `readFile`, `read_file`, `HTTPRequest2`, `github.read-file`: digits end a word. */
export function wordsOf(name: string): readonly string[] {
  return name
    .normalize('NFKC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
}

/** The risks that whole words of a tool's name suggest. A name never makes a tool safe. */
export function inferFromName(name: string): readonly Fact[] {
  const facts = wordsOf(name).flatMap((word) =>
    Object.hasOwn(FACT_OF_WORD, word) ? (FACT_OF_WORD[word] ?? []) : [],
  );
  return [...new Set(facts)];
}
