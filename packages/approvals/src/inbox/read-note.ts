import { GuardError, visible } from '@guardstile/core';

import { type InboxRefusal, refuse } from './inbox-refusal.ts';

/** Longest note, in characters. */
const LONGEST_NOTE = 2000;

/**
 * The note as it is kept. It reaches terminals, web pages and the model, and none of them has to obey
 * what is in it.
 */
export function readNote(note: string | undefined): { readonly note?: string } | InboxRefusal {
  if (note === undefined) return {};
  if (typeof note !== 'string') throw new GuardError('approval_invalid', 'a note has to be a text');
  if (note.trim() === '') return {};
  if (note.length > LONGEST_NOTE) {
    return refuse(
      'too-long',
      `a note has at most ${LONGEST_NOTE} characters, and this one has ${note.length}`,
    );
  }
  return { note: visible(note.trim(), { keepNewlines: true }) };
}
