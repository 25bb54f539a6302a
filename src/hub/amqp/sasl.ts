/** SASL mechanisms that the hub offers; SASL is optional (rule amqp-sign-in). */

import type { Container } from "rhea";

/** Checks user name and password of SASL PLAIN. */
export type PlainSignIn = (userName: string, password: string) => boolean;

/**
 * MSSBCBS and ANONYMOUS carry no credentials: their clients put tokens on `$cbs` later. EXTERNAL
 * refers to the certificate, which is checked when a link needs it. uamqp requires more than one
 * offered mechanism.
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
