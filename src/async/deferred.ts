export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function createDeferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = ignore;
  let reject: (reason: unknown) => void = ignore;
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  // Awaiters still see the rejection; without any, it is not an unhandled rejection.
  promise.catch(ignore);
  return { promise, resolve, reject };
}

function ignore(): void {}
