const VARIABLES = ["https_proxy", "all_proxy", "http_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/** The passwords of proxies, in every form in which they are sent or written. */
export function proxySecrets(env: Readonly<Record<string, string | undefined>>): string[] {
  return VARIABLES.flatMap((variable) => {
    // Also of an address that is not a URL. A password may contain a `/` or an `@` that should be encoded.
    const [, credentials] = /^(?:[^:]*:\/\/)?(.+)@/s.exec(env[variable] ?? "") ?? [];
    return credentials === undefined ? [] : formsOf(credentials);
  });
}

function formsOf(credentials: string): string[] {
  const colon = credentials.indexOf(":");
  const user = credentials.slice(0, Math.max(0, colon));
  const password = credentials.slice(colon + 1);
  const decoded = decode(password);
  return [
    password,
    decoded,
    encodeURIComponent(decoded),
    ...[user, decode(user)].flatMap((name) => [
      base64(`${name}:${password}`),
      base64(`${name}:${decoded}`),
    ]),
  ];
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
