/** SASL is optional (rule amqp-sign-in). */

import type { Container } from "rhea";

export type PlainSignIn = (userName: string, password: string) => boolean;

/**
 * MSSBCBS and ANONYMOUS clients put tokens on `$cbs` later; the certificate of EXTERNAL is checked
 * when a link needs it. uamqp requires more than one offered mechanism.
 */
export function offerSaslMechanisms(container: Container, signIn: PlainSignIn): void {
  const mechanisms = container.sasl_server_mechanisms;
  for (const name of ["MSSBCBS", "EXTERNAL"]) {
    mechanisms[name] = () => ({
      outcome: undefined as boolean | undefined,
      start() {
        this.outcome = true;
      },
    });
  }
  // rhea passes null for an empty field.
  mechanisms.enable_plain((userName: string | null, password: string | null) =>
    signIn(userName ?? "", password ?? ""),
  );
  mechanisms.enable_anonymous();
}
