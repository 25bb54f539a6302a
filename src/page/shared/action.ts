import { useState } from "preact/hooks";

interface Action {
  readonly isRunning: boolean;
  /** The hub's words. */
  readonly error: Error | undefined;
  /** @returns whether it succeeded. */
  run(work: () => Promise<unknown>): Promise<boolean>;
  clear(): void;
}

/** Something that the hub is asked to do; its error stays until the next attempt. */
export function useAction(): Action {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<Error>();
  return {
    isRunning,
    error,
    clear: () => setError(undefined),
    run: async (work) => {
      setRunning(true);
      setError(undefined);
      try {
        await work();
        return true;
      } catch (caught) {
        setError(caught instanceof Error ? caught : new Error(String(caught)));
        return false;
      } finally {
        setRunning(false);
      }
    },
  };
}
