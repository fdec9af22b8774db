/** What the guard found when it first saw the tools of an agent. */
export interface MiddlewareReport {
  /** The agent's name, where it has one. */
  readonly agent: string | undefined;
  /** Tools whose every call is decided. */
  readonly guarded: readonly string[];
  /** Guarded tools that no call could be allowed of: the model is not shown them. */
  readonly hidden: readonly string[];
  /** Tools that the model's provider runs, where no guard sees them: left out. */
  readonly removed: readonly string[];
  /** The same, let through since the application named them. */
  readonly unguarded: readonly string[];
  /** What a guarded tool starts that this guard may not see. */
  readonly remarks: readonly string[];
}

/** Told of each agent's tools whenever they have changed. */
export function reporter(
  tell: (report: MiddlewareReport) => void,
): (report: MiddlewareReport) => void {
  const told = new Map<string | undefined, string>();
  return (report) => {
    const text = JSON.stringify(report);
    if (told.get(report.agent) === text) return;
    told.set(report.agent, text);
    tell(report);
  };
}

/** Says on the console what is not guarded; nothing, where everything is. */
export function warnOfUnguarded({ agent, removed, unguarded, remarks }: MiddlewareReport): void {
  const lines = [
    ...removed.map(
      (name) =>
        `${name} is run by the provider and was removed; name it in providerTools to let it through unguarded`,
    ),
    ...unguarded.map((name) => `${name} is run by the provider, unguarded`),
    ...remarks,
  ];
  for (const line of lines) {
    // oxlint-disable-next-line no-console -- seen without any set-up, and replaced by onReport
    console.warn(`guardstile${agent === undefined ? '' : ` (${agent})`}: ${line}`);
  }
}
