// Written to run in linear time: what follows a repetition without an upper bound may never fail in a
// way that lets another attempt start inside what was repeated.

/** What a secret looks like, whatever the field is called. Each starts at the beginning of a word. */
const AT_WORDS: readonly RegExp[] = [
  /\bsk-[\w-]{16,}/g, // OpenAI, Anthropic and others
  /\b(?:[rs]k_(?:live|test|prod)|whsec)_\w{10,}/g, // Stripe
  /\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}\b/g, // AWS access key id
  /\b(?:aws_?)?secret_?access_?key["']?\s{0,3}[:=]{1,2}>?\s{0,3}["']?[A-Za-z0-9+/=]{40}/gi, // AWS
  /\bABSK[A-Za-z0-9+/]{100,270}={0,2}/g, // AWS Bedrock
  /\bbedrock-api-key-[\w+/=]{20,}/g,
  /\bAIza[\w-]{35}/g, // Google
  /\bya29\.[\w-]{20,}/g, // Google OAuth
  /\bGOCSPX-[\w-]{20,}/g,
  /\bAccountKey=[\w+/=]{40,}/g, // Azure storage
  /\bgh[pousr]_\w{36,}(?:\.[\w-]+){0,2}/g, // GitHub, whose app tokens end in a JSON Web Token
  /\bgithub_pat_\w{22,}/g,
  /\bgl(?:pat|dt|ptt|rt|rtr|cbt|soat|imt|agent|ffct|ft|oas|wt)-[\w.-]{20,}/g, // GitLab
  /\bnpm_\w{36}/g,
  /\b(?:xox[abcdepr]-|xapp-|xox[os]-\d)[\w-]{10,}/g, // Slack
  /\bhooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/+-]{20,}/g,
  /\b(?:cf[au]t_|dckr_pat_|dop_v1_|glsa_|gsk_|hvs\.|ntn_|pypi-|shpat_|tskey-)[\w-]{20,}/g, // a prefix says it all
  /\bSG\.[\w-]{16,64}\.[\w-]{16,}/g, // SendGrid
  /\b(?<!-)eyJ[\w-]{8,}\.[\w-]{8,}(?:(?:\.[\w-]*){1,3}|$)/g, // JSON Web Token
  /\bBearer\s[\w.~+/=-]{16,}/gi,
  /\bauthorization["']?\s{0,3}[:=]\s{0,3}["']?(?:basic|token|apikey|api-token)\s[\w.~+/=!@*-]{8,}/gi,
];

/** Those that can start anywhere, and a text without which none of them is there. */
const MARKED: ReadonlyArray<readonly [mark: string, pattern: RegExp]> = [
  [
    '-----BEGIN ',
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  ],
  ['Q~', /[\w~.]{3}\dQ~[\w~.-]{31,34}/g], // Azure client secret
  ['://', /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/?#@"'<>]{0,100}:[^\s/?#"'<>]{3,100}@/gi], // password in a URL
];

/** Most texts hold none of them, and one look is cheaper than one per pattern. */
const ANY_AT_WORDS = new RegExp(
  AT_WORDS.map(({ source, flags }) => (flags.includes('i') ? anyCase(source) : source)).join('|'),
);
/** No secret is shorter. */
const SHORTEST = 8;

/** The text with everything that looks like a secret replaced. */
export function withoutSecrets(text: string, replacement: string): string {
  if (text.length < SHORTEST) return text;
  let result = text;
  for (const [mark, pattern] of MARKED) {
    if (result.includes(mark)) result = result.replace(pattern, replacement);
  }
  if (!ANY_AT_WORDS.test(result)) return result;
  return AT_WORDS.reduce((rest, pattern) => rest.replace(pattern, replacement), result);
}

/** The source so that its letters match in both cases, for joining with patterns that mind the case. */
function anyCase(source: string): string {
  return source.replace(/\\.|\[[^\]]*\]|[a-z]/gi, (part) => {
    if (part.length === 1) return `[${part.toLowerCase()}${part.toUpperCase()}]`;
    return part.startsWith('[') ? part.replace('a-z', 'A-Za-z') : part;
  });
}
