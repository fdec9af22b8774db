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

/** What such a block consists of. Beside it, somebody may have written something. */
const OF_MEDIA: ReadonlySet<string> = new Set([
  'type',
  'id',
  'index',
  'url',
  'data',
  'detail',
  'format',
  'source',
  'source_type',
  'mime_type',
  'mimeType',
  'media_type',
  'file_id',
  'fileId',
  'image_url',
  'audio',
  'input_audio',
  'video_url',
  'cache_control',
]);

/** The content of a message as far as a model reads it: one text where it is nothing but text. */
export function shownContent(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  const blocks = content.filter((block: unknown) => !isMedia(block));
  const texts = blocks.flatMap(textOf);
  return texts.length === blocks.length ? texts.join('\n') : blocks;
}

/** Whether nothing could be found in a block: an image and the like, without words to it. */
export function isMedia(block: unknown): boolean {
  if (typeof block !== 'object' || block === null || !MEDIA.has(dataOf(block, 'type')))
    return false;
  return Object.keys(block).every((field) => OF_MEDIA.has(field));
}

function textOf(block: unknown): readonly string[] {
  const text = dataOf(block, 'text');
  const isText = dataOf(block, 'type') === 'text' && typeof text === 'string';
  return isText && fieldsOf(block) === 2 ? [text] : [];
}

function fieldsOf(block: unknown): number {
  return typeof block === 'object' && block !== null ? Object.keys(block).length : 0;
}
