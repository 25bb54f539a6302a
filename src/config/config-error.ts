/** What is wrong with a configuration: everything, told at once. */

/** One thing wrong. No field holds the value of a secret. */
export interface ConfigProblem {
  /** Where the value came from, or which one is missing: `IOTHUB_CA_FILE in ./.env`. */
  readonly where: string;
  readonly what: string;
  readonly fix: string;
}

export class ConfigError extends Error {
  override readonly name = "ConfigurationError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ where, what }) => `${where}: ${what}`).join("\n"));
    this.problems = problems;
  }

  /** The next steps, one a line. */
  get hint(): string {
    return [...new Set(this.problems.map(({ fix }) => fix))].join("\n");
  }
}
