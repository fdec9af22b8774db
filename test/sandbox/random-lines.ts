const WORDS = (
  'evil evil evil ls echo cat printf test true false cd pwd wc grep file text -v -n -e x a=b ' +
  'e\\vil e""vil "evil" \'evil\' $(evil) `evil` "$(evil)" "`evil`" \'$(evil)\' ${x:-$(evil)} $x a[$(evil)] ' +
  "'a[$(evil)]' <(evil) eval exec command builtin env xargs time ! { } ( ) [[ ]] [ ] if then fi for in do " +
  'done while case esac function /jail/evil ./evil PATH=/jail * ? ~ {a,b} # << <<< EOF > >> < 2>&1 coproc trap'
).split(' ');
const JOINTS = [
  ' ',
  ' ',
  ' ',
  ' ',
  '',
  '  ',
  ';',
  '; ',
  ' && ',
  ' || ',
  ' | ',
  ' & ',
  '&',
  '|',
  '\n',
  '\t',
  '\r',
  '\\\n',
  '\\',
  '"',
  "'",
  '$',
  '\u00a0',
];

/** Lines of things that mean something to a shell, the same for the same seed. */
export function randomLines(count: number, seed: number): readonly string[] {
  const random = mulberry32(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  return Array.from({ length: count }, () => {
    const words = Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(WORDS));
    // Half of them hold little more than words, or nothing would ever be allowed.
    const joints = random() < 0.5 ? [' ', ' ', ' && ', '; ', ' | '] : JOINTS;
    return words.reduce((line, word) => `${line}${pick(joints)}${word}`);
  });
}

/** Mulberry32, by Tommy Ettinger: small, and the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
