/** How much is shown before the rest is folded into its size and digest. */
export interface Room {
  /** Lines for fields, at any depth together; a long text counts as one. */
  readonly lines: number;
  /** Characters of one text. */
  readonly characters: number;
}

/** Lines that a request and its prompt take beside the fields of the arguments. */
const BESIDE = 20;
const FEWEST = 6;
const MOST = 40;
/** Characters of one text on a low screen: two lines of it. */
const SHORTEST = 150;
const USUAL_ROWS = 24;

/** So that an ordinary request and its prompt fit on a screen of that height. */
export function foldedRoom(rows: number | undefined): Room {
  const height = rows === undefined || rows <= 0 ? USUAL_ROWS : rows;
  const lines = Math.min(Math.max(height - BESIDE, FEWEST), MOST);
  return { lines, characters: Math.max(lines * 10, SHORTEST) };
}

export const UNFOLDED: Room = { lines: Infinity, characters: Infinity };

/** A line before it is wrapped; whatever came from a request in it is visible already. */
export interface Line {
  readonly indent: number;
  readonly text: string;
}

/** What a person is going to read. */
export interface Page {
  readonly room: Room;
  readonly lines: Line[];
  /** Whether something did not fit and stands there as its size and digest. */
  folded: boolean;
}

export function emptyPage(room: Room): Page {
  return { room, lines: [], folded: false };
}

/** Begins what goes on with the line before, so that no value can pass for a line of its own. */
export const GOES_ON = '> ';
