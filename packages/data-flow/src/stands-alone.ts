import { fold, kindOf, LETTER } from './characters.ts';

const BEFORE = '.@-_%+/\\~';
const AFTER = '.@-_%+/\\:?&=~';
const WIDEST = 16;

/** Whether what stands before makes another path or another name of it, such as `../a` of `a`. */
export function isCutOff(text: string, start: number, from: number): boolean {
  let at = start;
  while (at > from && start - at < WIDEST && BEFORE.includes(text.charAt(at - 1))) at -= 1;
  if (at === start || isAfterWww(text, start, from)) return false;
  if (/~|\.\.[/\\]/.test(text.slice(at, start))) return true;
  return at > from && kindOf(text.charCodeAt(at - 1)) === LETTER;
}

/**
 * Whether it goes on, such as `a/b` from `a`. What ends a sentence or a link does not, and a capital
 * after a full stop begins a sentence.
 */
export function isContinued(text: string, end: number, to: number): boolean {
  let at = end;
  while (at < to && at - end < WIDEST && AFTER.includes(text.charAt(at))) at += 1;
  if (at === end) return false;
  const joints = text.slice(end, at);
  if (/[/\\]\.\.(?:$|[/\\])/.test(joints)) return true;
  if (at === to) return false;
  const next = text.charCodeAt(at);
  if (kindOf(next) !== LETTER) return /[/\\]$/.test(joints) && '*${['.includes(text.charAt(at));
  return !(joints === '.' && fold(next) !== next);
}

/** By convention the same site. */
export function isAfterWww(text: string, start: number, from: number): boolean {
  if (start < from + 4 || text.slice(start - 4, start).toLowerCase() !== 'www.') return false;
  return start === from + 4 || kindOf(text.charCodeAt(start - 5)) !== LETTER;
}
