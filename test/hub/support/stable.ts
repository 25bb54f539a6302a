/** Resolves to the value once it has not changed for this many turns of the event loop. */
export async function stable<T>(read: () => T, turns = 100): Promise<T> {
  let value = read();
  for (let unchanged = 0; unchanged < turns; unchanged++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (read() === value) continue;
    value = read();
    unchanged = 0;
  }
  return value;
}
