/** Members that a patch relies on: declared next to it, checked at each object's first use. */

import { IncompatiblePackage, type PackagePath } from "./incompatible-package.ts";
import { installedVersion } from "./installed-version.ts";

declare const TYPE: unique symbol;

interface Typed<T> {
  readonly [TYPE]: T;
}

export class Member<T> implements Typed<T> {
  declare readonly [TYPE]: T;
  /** As in the error message: "a number". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;

  constructor(expected: string, accepts: (value: unknown) => boolean) {
    this.expected = expected;
    this.accepts = accepts;
  }
}

export class Optional<T> implements Typed<T | undefined> {
  declare readonly [TYPE]: T | undefined;
  readonly need: Need;
  readonly mayBeAbsent: boolean;

  constructor(need: Need, mayBeAbsent: boolean) {
    this.need = need;
    this.mayBeAbsent = mayBeAbsent;
  }
}

/** A record describes an object with these members. */
export type Need = Member<unknown> | Optional<unknown> | Internals<unknown> | Members;

export interface Members {
  readonly [name: string]: Need;
}

export type InternalsOf<N> = N extends Typed<infer T> ? T : { [K in keyof N]: InternalsOf<N[K]> };

export const flag = new Member<boolean>("a boolean", (value) => typeof value === "boolean");
export const number = new Member<number>("a number", (value) => typeof value === "number");
export const text = new Member<string>("a string", (value) => typeof value === "string");

export function method<T extends (...args: never[]) => unknown>(): Member<T> {
  return new Member("a function", (value) => typeof value === "function");
}

export function object<T extends object>(): Member<T> {
  return new Member("an object", isObject);
}

export function list<T>(): Member<T[]> {
  return new Member("an array", Array.isArray);
}

/** Set later, or not on every object: absence cannot be told from a change of the package. */
export function maybe<N extends Need>(need: N): Optional<InternalsOf<N>> {
  return new Optional(need, true);
}

/** Must exist, but may be null or undefined. */
export function nullable<N extends Need>(need: N): Optional<InternalsOf<N>> {
  return new Optional(need, false);
}

export function internals<M extends Members>(
  path: PackagePath,
  object: string,
  members: M,
): Internals<InternalsOf<M>> {
  return new Internals(path, object, members);
}

export class Internals<T> implements Typed<T> {
  static readonly declared: Internals<unknown>[] = [];
  declare readonly [TYPE]: T;
  readonly path: PackagePath;
  readonly object: string;
  readonly members: Members;
  readonly #checked = new WeakSet<object>();
  readonly #checkedClasses = new WeakSet<object>();

  constructor(path: PackagePath, object: string, members: Members) {
    this.path = path;
    this.object = object;
    this.members = members;
    Internals.declared.push(this);
  }

  /** @throws IncompatiblePackage when a member is missing or of another kind. */
  of(value: unknown): T {
    if (!isObject(value)) throw this.fault("", notA("an object", value));
    if (!this.#checked.has(value)) {
      this.#checkMembers(value, this.members, "");
      this.#checked.add(value);
    }
    return value as T;
  }

  /** As `of`, for objects of which each message has its own: checks the first of each class. */
  ofClass(value: object): T {
    const kind = value.constructor;
    if (this.#checkedClasses.has(kind)) return value as T;
    const checked = this.of(value);
    this.#checkedClasses.add(kind);
    return checked;
  }

  /** @param problem As in "is not called". */
  fault(member: string, problem: string): IncompatiblePackage {
    return new IncompatiblePackage({
      path: this.path,
      version: installedVersion(this.path),
      member: this.object + member,
      problem,
    });
  }

  #check(value: unknown, need: Need, member: string): void {
    if (need instanceof Optional) {
      if (value !== undefined && value !== null) this.#check(value, need.need, member);
    } else if (need instanceof Member) {
      if (!need.accepts(value)) throw this.fault(member, notA(need.expected, value));
    } else if (!isObject(value)) {
      throw this.fault(member, notA("an object", value));
    } else if (need instanceof Internals) {
      need.of(value);
    } else {
      this.#checkMembers(value, need, member);
    }
  }

  #checkMembers(value: object, members: Members, member: string): void {
    for (const [name, need] of Object.entries(members)) {
      const where = `${member}.${name}`;
      const mustExist = need instanceof Optional && !need.mayBeAbsent;
      if (mustExist && !(name in value)) throw this.fault(where, "does not exist");
      this.#check((value as Record<string, unknown>)[name], need, where);
    }
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function notA(expected: string, value: unknown): string {
  return `is ${kindOf(value)}, not ${expected}`;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  const kind = typeof value;
  return kind === "object" ? "an object" : `a ${kind}`;
}
