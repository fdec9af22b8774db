/** Synchronous SHA-256 and HMAC-SHA256, as the import condition `#hash` provides them. */
export interface Hash {
  /** SHA-256 of the UTF-8 bytes of `text`, as 64 hexadecimal digits. */
  sha256(text: string): string;
  /** HMAC-SHA256 under `key`: a function from UTF-8 text to 64 hexadecimal digits. */
  hmac(key: Uint8Array): (text: string) => string;
}
