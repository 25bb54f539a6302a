/** More handshakes at once would only wait for each other. */
const AT_ONCE = 16;

/** Connects a client for each id, and waits until all are ready. */
export async function connectAll(ids, connect) {
  const clients = [];
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const some = ids.slice(start, start + AT_ONCE).map(connect);
    await Promise.all(some.map(({ ready }) => ready));
    clients.push(...some);
  }
  return clients;
}

export function deviceIds(count) {
  return Array.from({ length: count }, (_, index) => `device${index}`);
}
