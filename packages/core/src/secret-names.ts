const SECRET_WORDS: ReadonlySet<string> = new Set([
  'apikey',
  'apikeys',
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
  'mnemonic',
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

const SECRET_PAIRS: readonly string[] = [
  'access key',
  'access keys',
  'access token',
  'access tokens',
  'account key',
  'api key',
  'api keys',
  'api token',
  'api tokens',
  'auth token',
  'auth tokens',
  'backup code',
  'backup codes',
  'card number',
  'client secret',
  'connection string',
  'encryption key',
  'encryption keys',
  'id token',
  'master key',
  'pass code',
  'pass phrase',
  'pass word',
  'pin code',
  'private key',
  'private keys',
  'recovery code',
  'recovery codes',
  'recovery phrase',
  'refresh token',
  'refresh tokens',
  'secret key',
  'secret keys',
  'security code',
  'seed phrase',
  'session key',
  'session token',
  'signing key',
  'signing keys',
  'ssh key',
  'ssh keys',
  'verification code',
];

/** `access key` as one word and as two. */
const SECRET_PHRASES: ReadonlySet<string> = new Set(
  SECRET_PAIRS.flatMap((pair) => [pair, pair.replace(' ', '')]),
);

/** Whether a field whose name consists of these words holds a secret. */
export function namesSecret(words: readonly string[]): boolean {
  return words.some(
    (word, i) =>
      SECRET_WORDS.has(word) ||
      SECRET_PHRASES.has(word) ||
      (i > 0 && SECRET_PHRASES.has(`${words[i - 1]} ${word}`)),
  );
}
