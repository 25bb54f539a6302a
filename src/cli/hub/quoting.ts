export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** dotenv has no escape for quotes: picks one that the text does not contain. */
export function quoteForDotenv(text: string): string {
  const quote = ["'", '"', "`"].find((one) => !text.includes(one)) ?? "'";
  return `${quote}${text}${quote}`;
}
