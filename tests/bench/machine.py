"""What was measured, and on what."""

import ctypes
import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine() -> str:
    """One line: processor, cores that may be used, memory, system, Python, onnxruntime."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{model}, {cores} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, onnxruntime {version('onnxruntime')}; "
        f"load average before: {load:.1f}"
    )


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie; NaN of nothing."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


class _Mallinfo(ctypes.Structure):
    """glibc's struct mallinfo2 (https://man7.org/linux/man-pages/man3/mallinfo.3.html): ten sizes."""

    _fields_ = (("sizes", ctypes.c_size_t * 10),)


def allocated() -> tuple[float, float]:
    """MiB that C code has of glibc's allocator, and MiB that this holds free; NaN where it is another.

    Python's own small objects are not in it. What is held free is neither lost nor the system's.
    """
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return float("nan"), float("nan")
    ask.restype = _Mallinfo
    sizes = ask().sizes
    mapped, used, free = sizes[4], sizes[7], sizes[8]
    return (mapped + used) / 2**20, free / 2**20
