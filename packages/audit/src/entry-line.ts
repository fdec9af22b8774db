/** One entry as it is stored: what was written is what is verified, never a copy of it. */
export interface EntryLine {
  /** The canonical entry, every byte of which is covered by hash and MAC. */
  readonly body: Buffer;
  /** HMAC-SHA256, 64 hexadecimal digits. */
  readonly mac: string;
}

const HEAD = Buffer.from('{"e":');
const MIDDLE = ',"mac":"';
const TAIL = '"}';
const MAC_DIGITS = 64;
const AFTER_BODY = MIDDLE.length + MAC_DIGITS + TAIL.length;
const MAC = /^,"mac":"([0-9a-f]{64})"\}$/;

/** The line of a log, with its line feed. Valid JSON, whose first member is the canonical entry. */
export function formatLine(body: string, mac: string): string {
  return `{"e":${body}${MIDDLE}${mac}${TAIL}\n`;
}

/** Reads a line without its line feed; `undefined` for what no writer wrote. */
export function parseLine(line: Buffer): EntryLine | undefined {
  const end = line.length - AFTER_BODY;
  if (end <= HEAD.length || !line.subarray(0, HEAD.length).equals(HEAD)) return undefined;
  const mac = MAC.exec(line.toString('latin1', end))?.[1];
  return mac === undefined ? undefined : { body: line.subarray(HEAD.length, end), mac };
}
