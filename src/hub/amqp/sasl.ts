/** SASL mechanisms the hub offers, beside starting with no SASL layer at all (rule amqp-sign-in). */

import type { Container } from "rhea";

/** Who signs in with a user name and a password; returns whether that is accepted. */
export type PlainSignIn = (userName: string, password: string) => boolean;

/**
 * MSSBCBS and ANONYMOUS prove nothing: their users put tokens on `$cbs` afterwards. EXTERNAL points
 * to the certificate, which is looked at where a link needs it. uamqp expects to be offered more than
 * one mechanism.
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
  // rhea hands over null for an empty field.
  mechanisms.enable_plain((userName: string | null, password: string | null) =>
    signIn(userName ?? "", password ?? ""),
  );
  mechanisms.enable_anonymous();
}
