/** The error that reports every problem of a configuration. */

/** One problem. No field contains a secret. */
export interface ConfigProblem {
  /** The source of the value, or the missing setting: `IOTHUB_CA_FILE in ./.env`. */
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

  /** The next steps, one per line. */
  get hint(): string {
    return [...new Set(this.problems.map(({ fix }) => fix))].join("\n");
  }
}
