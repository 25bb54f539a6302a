/** Quotes values for a shell and for dotenv. */

export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** dotenv has no escape for quotes, so a quote character is chosen that the text does not contain. */
export function quoteForDotenv(text: string): string {
  const quote = ["'", '"', "`"].find((one) => !text.includes(one)) ?? "'";
  return `${quote}${text}${quote}`;
}
