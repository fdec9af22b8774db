/** The directories that paths are in, as few of them as say something. */
export interface Directories {
  add(text: string): void;
  /** `undefined` where a text was no plain absolute path, or where they have no root in common. */
  roots(): readonly string[] | undefined;
}

const MOST_KEPT = 64;
const MOST_ROOTS = 4;
/** What every system and every reader takes for the same path. */
const PLAIN = /^(?:\/[A-Za-z0-9._ @+,=-]+)+$/;
const LONGEST = 500;

export function directories(): Directories {
  let kept: Set<string> | undefined = new Set();
  return {
    add(text) {
      if (kept === undefined) return;
      const names = text.split('/');
      const plain = text.length <= LONGEST && PLAIN.test(text) && !names.some(isStep);
      kept = plain ? fewer(kept.add(parentOf(text)), MOST_KEPT) : undefined;
    },
    roots() {
      if (kept === undefined || kept.size === 0) return undefined;
      const roots = fewer(withoutNested(kept), MOST_ROOTS);
      return roots === undefined || roots.has('') ? undefined : [...roots].toSorted();
    },
  };
}

function isStep(name: string): boolean {
  return name === '.' || name === '..';
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** At most so many: the deepest become their parents. */
function fewer(paths: Set<string>, most: number): Set<string> | undefined {
  let all = paths;
  while (all.size > most) {
    const deepest = Math.max(...[...all].map(depthOf));
    if (deepest <= 1) return undefined;
    all = withoutNested(
      new Set([...all].map((path) => (depthOf(path) === deepest ? parentOf(path) : path))),
    );
  }
  return all;
}

function depthOf(path: string): number {
  return path.split('/').length - 1;
}

function withoutNested(paths: ReadonlySet<string>): Set<string> {
  const all = [...paths];
  return new Set(all.filter((path) => !all.some((one) => path.startsWith(`${one}/`))));
}
