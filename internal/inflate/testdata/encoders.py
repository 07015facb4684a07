#!/usr/bin/env python3
"""Writes encoders.zip: small texts as many encoders compress them.

Needs pigz (whose level 11 is zopfli), igzip (of ISA-L) and libdeflate-gzip. gzip writes what zlib does, and the encoders of Go are run by the tests.
What the same text gives twice is kept once.
"""
import random
import subprocess
import sys
import zipfile
import zlib

STRATEGIES = {"default": 0, "filtered": 1, "huffman": 2, "rle": 3, "fixed": 4}


def flow():
    """About 2 kB of flow log."""
    r = random.Random(1)
    lines = ["version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"]
    for i in range(16):
        lines.append("2 123456789012 eni-%08x 10.0.%d.%d 10.0.0.%d %d 443 6 %d %d 1767225600 17672256%02d ACCEPT OK" % (
            r.randrange(4), r.randrange(4), r.randrange(256), r.randrange(9), r.randrange(32768, 61000), r.randrange(99), r.randrange(99999), 60 + i % 9))
    return "\n".join(lines).encode() + b"\n"


def mixed():
    """What an encoder has to change its mind about: noise, runs, text, and all of it again from as far back as a distance goes."""
    r = random.Random(2)
    noise = bytes(r.randrange(256) for _ in range(200))
    few = bytes(r.choice(b"ab") for _ in range(900))
    part = noise + b"\0" * 5000 + flow() + few + b"abcabcabc" * 200
    return part + b"x" * (32768 - len(part)) + part


def texts():
    return {"flow": flow(), "mixed": mixed(), "empty": b"", "byte": b"a", "run": b"=" * 600}


def pipe(*command):
    return lambda text: subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True).stdout


def zlib_with(level, strategy, window=15, memory=8):
    def encode(text):
        z = zlib.compressobj(level, zlib.DEFLATED, 16 + window, memory, strategy)
        return z.compress(text) + z.flush()
    return encode


def flushed(how):
    def encode(text):
        z = zlib.compressobj(6, zlib.DEFLATED, 31)
        out = b"".join(z.compress(text[i:i + 700]) + z.flush(how) for i in range(0, len(text), 700))
        return out + z.flush()
    return encode


def encoders():
    for level in range(10):
        for name, strategy in STRATEGIES.items():
            yield "zlib-%d-%s" % (level, name), zlib_with(level, strategy)
    yield "zlib-window-512", zlib_with(9, 0, window=9)
    yield "zlib-memory-1", zlib_with(6, 0, memory=1)
    yield "zlib-partial-flush", flushed(zlib.Z_PARTIAL_FLUSH)
    yield "zlib-sync-flush", flushed(zlib.Z_SYNC_FLUSH)
    yield "zlib-full-flush", flushed(zlib.Z_FULL_FLUSH)
    for level in (1, 6, 9, 11):
        yield "pigz-%d" % level, pipe("pigz", "-nc", "-%d" % level)
    for level in range(4):
        yield "igzip-%d" % level, pipe("igzip", "-c", "-%d" % level)
    for level in range(1, 13):
        yield "libdeflate-%d" % level, pipe("libdeflate-gzip", "-c", "-%d" % level)


def main():
    with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_STORED) as out:
        for name, text in texts().items():
            seen = set()
            out.writestr(zipfile.ZipInfo(name + "/text"), zlib.compress(text, 9))
            for encoder, encode in encoders():
                stored = encode(text)
                deflate = stored[10:]
                if deflate not in seen:
                    out.writestr(zipfile.ZipInfo("%s/%s" % (name, encoder)), stored)
                seen.add(deflate)


main()
