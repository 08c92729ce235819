"""What audio files say of their own length, where FFmpeg doesn't pass it on."""

import io
from typing import BinaryIO


def breaks_off(file: BinaryIO) -> bool:
    """Whether a RIFF (WAV, AVI) or Ogg file is shorter than it says; their readers don't mind."""
    if not file.seekable():
        return False
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(8)
    if head[:4] == b"RIFF":
        told = int.from_bytes(head[4:], "little")
        return size < told < 2**31 - 1  # programs that write to a pipe put the largest number
    if head[:4] == b"OggS":
        # RFC 3533, 6: a page is a header of 27 bytes, a table of its segments' lengths, and the segments.
        file.seek(max(0, size - 2**17))
        tail = file.read()
        page = tail[tail.rfind(b"OggS") :]
        return len(page) < 27 or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])
    return False


def mp3_tells_its_length(file: BinaryIO) -> bool:
    """Whether an MP3 file has the frame (Xing, Info or VBRI) that says how many others there are."""
    if not file.seekable():
        return False
    file.seek(0)
    head = file.read(10)
    if head[:3] == b"ID3":  # id3.org/id3v2.4.0-structure, 3.1: the size has seven bits in each byte
        size = sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        file.seek(10 + size)
    first = head + file.read(4096)
    return any(tag in first for tag in (b"Xing", b"Info", b"VBRI"))
