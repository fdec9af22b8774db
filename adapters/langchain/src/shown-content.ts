import { dataOf } from './data-of.ts';

/** Blocks whose data is no text. */
const MEDIA: ReadonlySet<unknown> = new Set([
  'image',
  'image_url',
  'audio',
  'input_audio',
  'video',
  'video_url',
]);

/** The content of a message as far as a model reads it as text. */
export function shownContent(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  return content.filter((block: unknown) => !MEDIA.has(dataOf(block, 'type')));
}
