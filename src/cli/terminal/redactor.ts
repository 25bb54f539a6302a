const HIDDEN = "[secret]";

/** `<key>`, as in our own hints: followed by the end of a word, and too short for a key. */
const PLACEHOLDER = `<[a-z ]{1,20}>(?:[:;&.,)\\s"'\`]|$)`;

const PATTERNS: readonly RegExp[] = [
  new RegExp(
    `((?:SharedAccessKey|SharedAccessSignature|AccountKey|password|passphrase)\\s*=\\s*)(?!SharedAccessSignature|${PLACEHOLDER})[^;\\s"'\`]+`,
    "gi",
  ),
  new RegExp(`([?&\\s]sig=)(?!${PLACEHOLDER})[^&\\s"'\`;]+`, "gi"),
  // Of the local hub's page.
  /([?&](?:key|ticket)=)[\w.-]{32,}/g,
  // Of a URL.
  /(\b\w+:\/\/[^\s/:@<]*:)[^\s/@<]+(?=@)/g,
  /(\bAuthorization:\s*Basic\s+)[\w+/]+=*/gi,
  /(\bBearer\s+)[\w.~+/-]{6,}=*/gi,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/** Shorter secrets would match parts of ordinary words. */
const MIN_LENGTH = 6;

export class Redactor {
  #secrets: readonly string[] = [];

  /** Longest first, so that a secret that contains another is redacted as a whole. */
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
