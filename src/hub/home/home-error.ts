export type HomeErrorName = "HomeUnusable" | "HomeDamaged";

export class HomeError extends Error {
  override readonly name: HomeErrorName;

  constructor(name: HomeErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** @param what A past participle: "created", "read", "written", "removed". */
export function homeUnusable(path: string, what: string, cause: unknown): HomeError {
  return new HomeError("HomeUnusable", `${path} cannot be ${what} (${reasonOf(cause)}).`, {
    cause,
  });
}

export function homeDamaged(path: string, why: string, cause?: unknown): HomeError {
  return new HomeError("HomeDamaged", `${path} is damaged: ${why}.`, { cause });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause ? String(cause.code) : cause.message;
}
