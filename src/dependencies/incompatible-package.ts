/** The error for an installed package that lacks a member that a patch relies on. */

/** Each name is a dependency of the one before; the first is ours. */
export type PackagePath = readonly [string, ...string[]];

export interface IncompatibleMember {
  readonly path: PackagePath;
  /** Undefined when the package cannot be found. */
  readonly version: string | undefined;
  /** `Object.member`, or deeper. */
  readonly member: string;
  /** "is undefined, not a function" */
  readonly problem: string;
}

const HINT = "Install the versions that c2d-tools was built with: npm ci.";

export class IncompatiblePackage extends Error {
  override readonly name = "IncompatiblePackage";
  readonly hint = HINT;
  readonly package: string;
  readonly version: string | undefined;
  readonly member: string;

  constructor({ path, version, member, problem }: IncompatibleMember) {
    const name = path.at(-1) ?? "";
    const parent = path.at(-2);
    const installed = version === undefined ? name : `${name} ${version}`;
    const whose = parent === undefined ? installed : `${installed} (used by ${parent})`;
    super(`c2d-tools cannot work with ${whose}: ${member} ${problem}.`);
    this.package = name;
    this.version = version;
    this.member = member;
  }
}
