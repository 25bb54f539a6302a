/**
 * A sorted map as a value: what a change does not touch is shared with the map before it. Balanced
 * by size, like Haskell's Data.Map, so that no change looks at more than one path.
 */

export interface Item<K, V> {
  readonly key: K;
  readonly dueMs: number;
  readonly value: V;
}

export interface DueTree<K, V> {
  readonly item: Item<K, V>;
  readonly left: DueTree<K, V> | undefined;
  readonly right: DueTree<K, V> | undefined;
  readonly size: number;
  /** Of the items in it, the earliest. */
  readonly dueMs: number;
}

type Tree<K, V> = DueTree<K, V> | undefined;

/** How much larger than its sibling a subtree may be, and one that is rotated once. */
const MAX_RATIO = 3;
const SINGLE_ROTATION_RATIO = 2;

export function find<K, V>(tree: Tree<K, V>, key: K): V | undefined {
  let at = tree;
  while (at !== undefined && at.item.key !== key) at = key < at.item.key ? at.left : at.right;
  return at?.item.value;
}

export function first<K, V>(tree: DueTree<K, V>): Item<K, V> {
  let at = tree;
  while (at.left !== undefined) at = at.left;
  return at.item;
}

/** Replaces an item with the same key. */
export function put<K, V>(tree: Tree<K, V>, item: Item<K, V>): DueTree<K, V> {
  if (tree === undefined) return join(undefined, item, undefined);
  const { left, right } = tree;
  if (item.key === tree.item.key) return join(left, item, right);
  return item.key < tree.item.key
    ? balance(put(left, item), tree.item, right)
    : balance(left, tree.item, put(right, item));
}

export function remove<K, V>(tree: Tree<K, V>, key: K): Tree<K, V> {
  if (tree === undefined) return undefined;
  const { item, left, right } = tree;
  if (key < item.key) return balance(remove(left, key), item, right);
  if (key > item.key) return balance(left, item, remove(right, key));
  if (left === undefined || right === undefined) return left ?? right;
  const next = first(right);
  return balance(left, next, remove(right, next.key));
}

/** In order of their keys. */
export function valuesOf<K, V>(tree: Tree<K, V>, untilMs = Number.POSITIVE_INFINITY): V[] {
  const values: V[] = [];
  const visit = (at: Tree<K, V>): void => {
    if (at === undefined || at.dueMs > untilMs) return;
    visit(at.left);
    if (at.item.dueMs <= untilMs) values.push(at.item.value);
    visit(at.right);
  };
  visit(tree);
  return values;
}

function sizeOf(tree: Tree<unknown, unknown>): number {
  return tree === undefined ? 0 : tree.size;
}

function join<K, V>(left: Tree<K, V>, item: Item<K, V>, right: Tree<K, V>): DueTree<K, V> {
  let dueMs = item.dueMs;
  if (left !== undefined && left.dueMs < dueMs) dueMs = left.dueMs;
  if (right !== undefined && right.dueMs < dueMs) dueMs = right.dueMs;
  return { item, left, right, size: sizeOf(left) + sizeOf(right) + 1, dueMs };
}

function balance<K, V>(left: Tree<K, V>, item: Item<K, V>, right: Tree<K, V>): DueTree<K, V> {
  const low = sizeOf(left);
  const high = sizeOf(right);
  if (low + high > 1) {
    if (right !== undefined && high > MAX_RATIO * low) return rotateLeft(left, item, right);
    if (left !== undefined && low > MAX_RATIO * high) return rotateRight(left, item, right);
  }
  return join(left, item, right);
}

function rotateLeft<K, V>(left: Tree<K, V>, item: Item<K, V>, right: DueTree<K, V>) {
  const { left: inner, right: outer } = right;
  if (inner === undefined || sizeOf(inner) < SINGLE_ROTATION_RATIO * sizeOf(outer)) {
    return join(join(left, item, inner), right.item, outer);
  }
  const { left: low, right: high } = inner;
  return join(join(left, item, low), inner.item, join(high, right.item, outer));
}

function rotateRight<K, V>(left: DueTree<K, V>, item: Item<K, V>, right: Tree<K, V>) {
  const { left: outer, right: inner } = left;
  if (inner === undefined || sizeOf(inner) < SINGLE_ROTATION_RATIO * sizeOf(outer)) {
    return join(outer, left.item, join(inner, item, right));
  }
  const { left: low, right: high } = inner;
  return join(join(outer, left.item, low), inner.item, join(high, item, right));
}
