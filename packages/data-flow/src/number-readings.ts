/** What begins with a zero and goes on with digits is an identifier. */
const NUMERIC = /^[+-]?(?!0\d)\d[\d.,'’]*$/;
const PLAIN = /^[1-9]\d*$/;
/** What a number is printed as, unless its point may part thousands. */
const DECIMAL = /^-?(?:0|[1-9]\d*)\.(?:\d{0,1}[1-9]|\d{3,}[1-9])$/;
const LONGEST = 40;
const NONE: readonly string[] = Object.freeze([]);

/**
 * The numbers that a text may stand for, each as plain decimal digits: `1.000,50` is `1000.5`, and
 * `1.000` is both `1000` and `1`. None for a text that is no number.
 */
export function numberReadings(text: string): readonly string[] {
  if (text.length > LONGEST) return NONE;
  if (PLAIN.test(text)) return [text];
  if (DECIMAL.test(text)) return [text];
  if (!NUMERIC.test(text)) return NONE;
  const sign = text.startsWith('-') ? '-' : '';
  const bare = text.replaceAll(/[+\-'’]/g, '').replace(/[.,]+$/, '');
  return readingsOf(bare).map((digits) => (digits === '0' ? digits : sign + digits));
}

function readingsOf(bare: string): readonly string[] {
  const point = bare.lastIndexOf('.');
  const comma = bare.lastIndexOf(',');
  const last = Math.max(point, comma);
  if (last === -1) return [decimal(bare, '')];
  const both = point !== -1 && comma !== -1;
  const many = bare.indexOf(bare.charAt(last)) !== last;
  const whole = decimal(bare.replaceAll(/[.,]/g, ''), '');
  const fraction = decimal(bare.slice(0, last).replaceAll(/[.,]/g, ''), bare.slice(last + 1));
  if (many) return [whole];
  if (both) return [fraction];
  const thousands = bare.length - last === 4 && last <= 3 && !bare.startsWith('0');
  return thousands ? [...new Set([whole, fraction])] : [fraction];
}

function decimal(whole: string, fraction: string): string {
  const left = whole.replace(/^0+(?=\d)/, '');
  const right = fraction.replace(/0+$/, '');
  return right === '' ? left : `${left}.${right}`;
}
