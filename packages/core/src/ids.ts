let prefix: string | undefined;
let count = 0;

/** 96 random bits in base 36, drawn on first use: some edge runtimes forbid it at start-up. */
function processPrefix(): string {
  const words = crypto.getRandomValues(new Uint32Array(3));
  return Array.from(words, (word) => word.toString(36).padStart(7, '0')).join('');
}

/** A process-unique id that does not repeat across processes: `rid_…`, `att_…`. No capability. */
export function mintId(kind: 'rid' | 'att' | 'aid' | 'log' | 'clm'): string {
  prefix ??= processPrefix();
  count += 1;
  return `${kind}_${prefix}${count.toString(36)}`;
}
