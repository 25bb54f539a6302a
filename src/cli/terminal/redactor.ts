/** Takes secrets out of text, those it was told of and those it recognises. */

const HIDDEN = "[secret]";

/** `<key>`, as in our own hints: it ends where a word does, and is too short for a key. */
const PLACEHOLDER = `<[a-z ]{1,20}>(?:[:;&.,)\\s"'\`]|$)`;

/** What a secret looks like wherever it stands: in connection strings, tokens, PEM files. */
const PATTERNS: readonly RegExp[] = [
  new RegExp(
    `((?:SharedAccessKey|SharedAccessSignature|AccountKey|password|passphrase)\\s*=\\s*)(?!SharedAccessSignature|${PLACEHOLDER})[^;\\s"'\`]+`,
    "gi",
  ),
  new RegExp(`([?&\\s]sig=)(?!${PLACEHOLDER})[^&\\s"'\`;]+`, "gi"),
  /(\bBearer\s+)[\w.~+/-]{6,}=*/gi,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/** Shorter ones would tear ordinary words apart. */
const MIN_LENGTH = 6;

export class Redactor {
  #secrets: readonly string[] = [];

  /** Longest first, so that a secret holding another goes as a whole. */
  learn(secrets: readonly string[]): void {
    this.#secrets = [...new Set([...this.#secrets, ...secrets])]
      .filter((secret) => secret.length >= MIN_LENGTH)
      .sort((a, b) => b.length - a.length);
  }

  redact(text: string): string {
    let safe = text;
    for (const secret of this.#secrets) safe = safe.replaceAll(secret, HIDDEN);
    for (const pattern of PATTERNS) safe = safe.replace(pattern, `$1${HIDDEN}`);
    return safe;
  }
}
