/** The first characters of a text, without half of a surrogate pair at the end. */
export function cutText(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const last = text.charCodeAt(characters - 1);
  const next = text.charCodeAt(characters);
  const halved = last >= 0xd800 && last <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
  return text.slice(0, halved ? characters - 1 : characters);
}
