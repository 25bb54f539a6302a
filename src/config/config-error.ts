/** No field contains a secret. */
export interface ConfigProblem {
  /** Such as `IOTHUB_CA_FILE in ./.env`, or the name of the missing setting. */
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

  /** One step per line. */
  get hint(): string {
    return [...new Set(this.problems.map(({ fix }) => fix))].join("\n");
  }
}
