"""Holds our tree and proofs against PyPI's pymerkle; reads {entries, roots, inclusion} from standard input."""

import json
import sys

from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

document = json.load(sys.stdin)
entries = [entry.encode() for entry in document["entries"]]
roots = [bytes.fromhex(root) for root in document["roots"]]
tree = InmemoryTree(algorithm="sha256")
for size, entry in enumerate(entries, 1):
    tree.append_entry(entry)
    root = tree.get_root if hasattr(tree, "get_root") else tree.get_state
    assert root() == roots[size - 1], f"root of {size}"

size = len(entries)
for index, ours in enumerate(document["inclusion"]):
    theirs = tree.prove_inclusion(index + 1, size)
    leaf = tree.get_leaf(index + 1)
    # Their path begins with the leaf; with our hashes in the places of theirs it must still lead to the root.
    theirs.path = [leaf] + [bytes.fromhex(digest) for digest in ours]
    try:
        verify_inclusion(leaf, roots[-1], theirs, index=index + 1, size=size)
    except Exception as error:
        sys.exit(f"inclusion of {index}: {error!r}")
for old in range(1, size):
    theirs = tree.prove_consistency(old, size)
    # Their path cuts the old tree into all its complete subtrees, ours as RFC 6962 does, so the roots are compared, not the paths.
    verify_consistency(roots[old - 1], roots[-1], theirs, prior_size=old, later_size=size)
print(f"{len(roots)} roots, {len(document['inclusion'])} inclusions, {size - 1} growths")
