// Written to run in linear time: no nested or adjacent unbounded repetition over the same characters.

/** What a secret looks like, whatever the field is called. */
export const SECRET_PATTERNS: readonly RegExp[] = [
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, // JSON Web Token
  /\bsk-[\w-]{16,}/g, // OpenAI, Anthropic and others
  /\b[rs]k_(?:live|test|prod)_\w{10,}/g, // Stripe
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, // AWS
  /\bAIza[\w-]{35}/g, // Google
  /\bya29\.[\w-]{20,}/g, // Google OAuth
  /\bAccountKey=[\w+/=]{40,}/g, // Azure storage
  /\bgh[pousr]_\w{36,}/g, // GitHub
  /\bgithub_pat_\w{22,}/g,
  /\bglpat-[\w-]{20,}/g, // GitLab
  /\bnpm_\w{36}/g,
  /\bxox[abeoprs]-[\w-]{10,}/g, // Slack
  /\bBearer\s[\w.~+/=-]{16,}/gi,
];

const SECRET_WORDS: ReadonlySet<string> = new Set([
  'apikey',
  'auth',
  'authorization',
  'bearer',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'cvc',
  'cvv',
  'jwt',
  'otp',
  'passcode',
  'passphrase',
  'passwd',
  'password',
  'passwords',
  'pwd',
  'secret',
  'secrets',
  'ssn',
  'token',
]);

const SECRET_PAIRS: ReadonlySet<string> = new Set([
  'access key',
  'api key',
  'api keys',
  'encryption key',
  'private key',
  'secret key',
  'session key',
  'signing key',
]);

/** Whether a field whose name consists of these words holds a secret. */
export function namesSecret(words: readonly string[]): boolean {
  return words.some(
    (word, i) => SECRET_WORDS.has(word) || (i > 0 && SECRET_PAIRS.has(`${words[i - 1]} ${word}`)),
  );
}
