// Translators and extensions wrap text that React made, or put their own in its place, and React then changes and takes off
// what is no longer where it put it. Here the wrapping goes with what it wraps, what stands in a text's place goes with the
// text, and a text that is given a new value comes back to its place.

/** What somebody put where a text stood. */
const substitutes = new WeakMap<Node, ChildNode>();

/** The child of `parent` that holds a node, or what stands in its place, however deep. */
function holder(parent: Node, node: Node): Node | null {
  let at: Node | null = node;
  while (at !== null && at.parentNode !== parent) at = at.parentNode;
  const substitute = substitutes.get(node);
  return at === null && substitute !== undefined ? holder(parent, substitute) : at;
}

function isChild(node: Node | null): node is ChildNode {
  return node !== null && node.parentNode !== null;
}

/** Notes what came where texts went: in one step, or beside a text that was then taken away. */
function noteSubstitutes(records: readonly MutationRecord[]): void {
  const added = new Set(records.flatMap((record) => [...record.addedNodes]));
  for (const { removedNodes, addedNodes, previousSibling, nextSibling } of records) {
    const [removed] = removedNodes;
    if (removedNodes.length !== 1 || !(removed instanceof Text) || removed.isConnected) continue;
    const beside = [previousSibling, nextSibling].find((node) => node !== null && added.has(node)) ?? null;
    const substitute = addedNodes.length === 0 ? beside : (addedNodes[0] ?? null);
    if (isChild(substitute)) substitutes.set(removed, substitute);
  }
}

/** Makes a page bear changes by others. */
export function bearForeignChanges(page: Document): void {
  const { removeChild, insertBefore } = Node.prototype;
  const nodeValue = Object.getOwnPropertyDescriptor(Node.prototype, 'nodeValue');
  const observer = new MutationObserver(noteSubstitutes);
  observer.observe(page.body, { childList: true, subtree: true });

  Node.prototype.removeChild = function remove<T extends Node>(this: Node, child: T): T {
    const held = holder(this, child);
    if (held !== null) removeChild.call(this, held);
    return child;
  };
  Node.prototype.insertBefore = function insert<T extends Node>(this: Node, node: T, before: Node | null): T {
    insertBefore.call(this, node, before === null ? null : holder(this, before));
    return node;
  };
  Object.defineProperty(Text.prototype, 'nodeValue', {
    configurable: true,
    enumerable: true,
    get(this: Text): string {
      return this.data;
    },
    set(this: Text, value: string | null) {
      nodeValue?.set?.call(this, value);
      const substitute = substitutes.get(this);
      if (this.isConnected || substitute?.isConnected !== true) return;
      substitutes.delete(this);
      substitute.replaceWith(this);
    },
  });
}
