"""Times a publisher and prints the same line of JSON as the C baseline."""

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path


def peak_memory_mb() -> float:
    """The peak of this program alone: getrusage would count the program that started it."""
    match = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(match[1]) / 1024 if match else 0


def measure(publish: Callable[[int], object]) -> None:
    """Publishes `--count` messages, of which the first connects and is not timed."""
    count = int(sys.argv[sys.argv.index("--count") + 1])
    publish(0)
    begin, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    for sequence in range(1, count):
        publish(sequence)
    seconds, usage = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "count": count,
        "sum": count * (count - 1) // 2,
        "seconds": seconds * count / (count - 1),
        "cpu_seconds": usage.ru_utime + usage.ru_stime - cpu.ru_utime - cpu.ru_stime,
        "memory_mb": peak_memory_mb(),
    }))
