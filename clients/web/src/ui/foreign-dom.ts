// Translators and extensions wrap or take away text that React made, and React then fails to take off what is no longer
// where it put it. Here the wrapping goes with what it wraps, and what is gone already is let go.

/** The child of `parent` that holds a node, however deep. */
function holder(parent: Node, node: Node): Node | null {
  let at: Node | null = node;
  while (at !== null && at.parentNode !== parent) at = at.parentNode;
  return at;
}

/** Makes the tree of a page bear changes by others. */
export function bearForeignChanges(tree: Node): void {
  const { removeChild, insertBefore } = tree;
  tree.removeChild = function remove<T extends Node>(this: Node, child: T): T {
    const held = holder(this, child);
    if (held !== null) removeChild.call(this, held);
    return child;
  };
  tree.insertBefore = function insert<T extends Node>(this: Node, node: T, before: Node | null): T {
    insertBefore.call(this, node, before === null ? null : holder(this, before));
    return node;
  };
}
