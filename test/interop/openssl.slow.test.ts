/** The hub's TLS, as seen by openssl. */

import { describe, expect, test } from "vitest";
import { createAuthority } from "../support/device-certificate.ts";
import { writeOtherAuthority } from "./support/certificates.ts";
import { hasProgram } from "./support/external-program.ts";
import { type InteropHub, startInteropHub, startProgram } from "./support/interop-hub.ts";

const isInstalled = hasProgram("openssl", { name: "OpenSSL", aptPackage: "openssl" }, "OpenSSL");

/** Completes a handshake with the hub, and disconnects. */
function shakeHands(interop: InteropHub, ...args: readonly string[]) {
  const { port } = interop.endpoint;
  const where = ["-connect", `127.0.0.1:${port}`, "-CAfile", interop.hub.caFile];
  return startProgram("openssl", ["s_client", ...where, ...args], interop).ended;
}

const VERIFY = ["-verify_return_error", "-verify_hostname", "localhost"];

describe.skipIf(!isInstalled)("openssl s_client", () => {
  test.each(["1.2", "1.3"])("completes a TLS %s handshake and trusts the hub", async (version) => {
    const interop = await startInteropHub();
    const flag = `-tls${version.replace(".", "_")}`;
    const { code, stdout } = await shakeHands(interop, flag, ...VERIFY);
    expect(code).toBe(0);
    expect(stdout).toContain(`TLSv${version}`);
    expect(stdout).toContain("Verify return code: 0 (ok)");
    expect(stdout).toContain("Verified peername: localhost");
  });

  test("cannot connect with TLS 1.1", async () => {
    const interop = await startInteropHub();
    // At this level OpenSSL itself still supports it.
    const { code, stderr } = await shakeHands(interop, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0");
    expect(code).not.toBe(0);
    expect(stderr).toContain("alert protocol version");
  });

  test.each(["localhost", "hub.localhost", "my.azure-devices.net"])(
    "finds the name %s in the certificate",
    async (name) => {
      const interop = await startInteropHub({ hostNames: ["my.azure-devices.net"] });
      const names = ["-servername", name, "-verify_return_error", "-verify_hostname", name];
      const { code, stdout } = await shakeHands(interop, ...names);
      expect(code).toBe(0);
      expect(stdout).toContain(`Verified peername: ${name}`);
    },
  );

  test.each(["127.0.0.1", "::1"])("finds the address %s in the certificate", async (address) => {
    const interop = await startInteropHub();
    const { code, stdout } = await shakeHands(
      interop,
      ...["-verify_return_error", "-verify_ip", address],
    );
    expect(code).toBe(0);
    expect(stdout).toContain("Verify return code: 0 (ok)");
  });

  test("rejects another host name, and another authority", async () => {
    const interop = await startInteropHub();
    const other = ["-verify_return_error", "-verify_hostname", "example.com"];
    expect((await shakeHands(interop, ...other)).stderr).toContain("hostname mismatch");
    const authority = await writeOtherAuthority(interop);
    const { code } = await shakeHands(interop, "-CAfile", authority, ...VERIFY);
    expect(code).not.toBe(0);
  });

  // Rules x509-sign-in, x509-request.
  test("gets a certificate request without CA names, and can connect without a certificate", async () => {
    const { cert } = await createAuthority();
    const interop = await startInteropHub({ deviceAuthorities: [cert] });
    const named = (await shakeHands(interop, "-tls1_3")).stdout;
    expect(named).toContain("No client certificate CA names sent");
    const { code, stdout } = await shakeHands(interop, "-tls1_2", "-state");
    expect(code).toBe(0);
    expect(stdout).toContain("No client certificate CA names sent");
    expect(stdout).toContain("Client Certificate Types");
  });
});
