export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function quoteForFish(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** PowerShell takes typographic quotes for straight ones. */
export function quoteForPowershell(text: string): string {
  return `'${text.replace(/['\u2018-\u201b]/g, "$&$&")}'`;
}

/** dotenv has no escape for quotes: picks one that the text does not contain. */
export function quoteForDotenv(text: string): string {
  const quote = ["'", '"', "`"].find((one) => !text.includes(one)) ?? "'";
  return `${quote}${text}${quote}`;
}
