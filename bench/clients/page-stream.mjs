/** What a browser with the hub's page open does: it reads the stream of what is new. */

import { once } from "node:events";
import { get } from "node:http";

/** @param {string} url with its key */
export async function openPageStream(url) {
  const [{ headers }] = await once(get(url), "response");
  const [cookie] = headers["set-cookie"][0].split(";");
  const request = get(new URL("api/stream", url), { headers: { cookie } });
  const [response] = await once(request, "response");
  response.resume();
  await once(response, "data");
  return { close: () => request.destroy() };
}
