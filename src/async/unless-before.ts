/**
 * A promise that settles as `promise` does, unless `arrange` has settled it before; either way what
 * `arrange` returns is called once `promise` has settled. Cheaper than a race: one promise, and no
 * reaction that outlives it.
 */
export function unlessBefore<T, Early = never>(
  promise: Promise<T>,
  arrange: (resolve: (early: Early) => void, reject: (error: Error) => void) => () => void,
): Promise<T | Early> {
  return new Promise((resolve, reject) => {
    const release = arrange(resolve, reject);
    promise.then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(error as Error);
      },
    );
  });
}
