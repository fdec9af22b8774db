/** Labels whose paths no result has had so far: typing errors, and optional fields. */
export interface UnmatchedLabels {
  /** A result of the tool is about to be labelled by these paths. */
  expect(tool: string, paths: readonly string[]): void;
  /** Paths that a result of the tool had. */
  saw(tool: string, paths: ReadonlySet<string>): void;
  /** As `tool: path`. */
  readonly list: readonly string[];
}

export function createUnmatched(): UnmatchedLabels {
  /** By tool: whether each path was there. */
  const tools = new Map<string, Map<string, boolean>>();
  return {
    expect(tool, paths) {
      if (paths.length === 0) return;
      const own = tools.get(tool) ?? new Map<string, boolean>();
      tools.set(tool, own);
      for (const path of paths) if (!own.has(path)) own.set(path, false);
    },
    saw(tool, paths) {
      const own = tools.get(tool);
      for (const path of paths) own?.set(path, true);
    },
    get list() {
      return [...tools].flatMap(([tool, paths]) =>
        [...paths].flatMap(([path, there]) => (there ? [] : [`${tool}: ${path}`])),
      );
    },
  };
}
