#!/usr/bin/env python3
"""Prints the package's targets, the lowest first, with what each depends on.

    ops/graph.py            our own targets; what is reached through another one is left out
    ops/graph.py --all      every dependency that Package.swift names, C libraries too

Exits with 1 when the targets form a circle.
"""
import json
import subprocess
import sys


def read():
    text = subprocess.run(["swift", "package", "dump-package"], check=True, capture_output=True, text=True).stdout
    targets = {}
    for target in json.loads(text)["targets"]:
        names = [(d.get("byName") or d.get("target"))[0] for d in target["dependencies"]]
        targets[target["name"]] = (target["type"], names)
    return targets


def reach(name, targets, path=()):
    """Every target below this one."""
    if name in path:
        sys.exit("graph: a circle: " + " → ".join(path[path.index(name):] + (name,)))
    found = set()
    for below in targets[name][1]:
        found |= {below} | reach(below, targets, path + (name,))
    return found


def main():
    if sys.argv[1:] not in ([], ["--all"]):
        sys.exit(__doc__)
    shows_all = bool(sys.argv[1:])
    targets = read()
    below = {name: reach(name, targets) for name in targets}
    ours = [n for n, (kind, _) in targets.items() if kind in ("regular", "executable") and not n.startswith("C")]
    level = {}
    for name in sorted(targets, key=lambda n: len(below[n])):
        level[name] = 1 + max((level[b] for b in targets[name][1] if b in ours), default=0)
    width = max(map(len, ours))
    previous = 0
    for name in sorted(ours, key=lambda n: (level[n], n)):
        if level[name] != previous:
            previous = level[name]
            print(f"\nLevel {previous}")
        named = targets[name][1]
        if not shows_all:
            named = [b for b in named if b in ours]
            named = [b for b in named if not any(b in below[other] for other in named)]
        print(f"  {name:<{width}}  {' '.join(sorted(named))}".rstrip())


main()
