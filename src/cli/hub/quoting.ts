/** Texts as a shell and as dotenv read them back. */

export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** dotenv knows no escape for a quote inside its own kind: the kind is chosen by the text. */
export function quoteForDotenv(text: string): string {
  const quote = ["'", '"', "`"].find((one) => !text.includes(one)) ?? "'";
  return `${quote}${text}${quote}`;
}
