#!/usr/bin/python3
# Makes torrents.json: merkle roots as libtorrent, an independent implementation of BitTorrent v2
# (BEP 52), computes them. Needs Debian's python3-libtorrent; prints the vectors to stdout:
#
#     test/vectors/torrents.py > test/vectors/torrents.json
#
# Content of a file: xorshift32 (Marsaglia 2003, shifts 13, 17, 5) from `seed`, each state as four
# bytes little endian, the last one cut short.

import json
import os
import struct
import tempfile

import libtorrent as lt

BLOCK = 16384


def content(seed, size):
    state = seed
    words = []
    for _ in range((size + 3) // 4):
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        words.append(state)
    return struct.pack(f"<{len(words)}I", *words)[:size]


def leaves(tree, prefix=""):
    for name, node in tree.items():
        name = name.decode() if isinstance(name, bytes) else name
        if name == "":
            yield prefix, node
        else:
            yield from leaves(node, f"{prefix}/{name}" if prefix else name)


def torrent(name, chunk, sizes):
    with tempfile.TemporaryDirectory() as folder:
        storage = lt.file_storage()
        seeds = {}
        for number, size in enumerate(sizes, 1):
            path = f"{name}/{number:02d}-{size}"
            os.makedirs(os.path.join(folder, name), exist_ok=True)
            with open(os.path.join(folder, path), "wb") as out:
                out.write(content(number, size))
            storage.add_file(path, size)
            seeds[path.split("/", 1)[1]] = (number, size)
        made = lt.create_torrent(storage, chunk, lt.create_torrent.v2_only)
        lt.set_piece_hashes(made, folder)
        document = lt.bdecode(lt.bencode(made.generate()))
    layers = document.get(b"piece layers", {})
    files = []
    for path, node in leaves(document[b"info"][b"file tree"]):
        seed, size = seeds[path]
        root = node.get(b"pieces root")
        file = {"path": path, "seed": seed, "size": size}
        if root is not None:
            file["root"] = root.hex()
        if root in layers:
            file["chunks"] = layers[root].hex()
        files.append(file)
    return {"name": name, "chunkBytes": document[b"info"][b"piece length"], "files": files}


TORRENTS = [
    torrent(
        "edges",
        4 * BLOCK,
        [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK - 5, 4 * BLOCK - 1, 4 * BLOCK,
         4 * BLOCK + 1, 5 * BLOCK, 12 * BLOCK + 777, 16 * BLOCK, 16 * BLOCK + 1],
    ),
    torrent("smallest-chunk", BLOCK, [BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 1]),
    torrent("large-chunk", 64 * BLOCK, [5 * BLOCK, 33 * BLOCK, 64 * BLOCK,
                                        64 * BLOCK + 1, 70 * BLOCK + 9]),
]

print(json.dumps({"madeBy": f"libtorrent {lt.version}", "torrents": TORRENTS}, indent=1))
