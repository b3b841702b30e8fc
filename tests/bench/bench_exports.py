"""Downloads and rows: throughput against a bare httpx stream to disk, and how little memory they take.

Sizes: a 1 GiB file and 10,000,000 CSV rows; a 1,000,000-row XLSX with unique strings is read for the record. Give a
fraction as argument to make it smaller. Needs three times 1 GiB of disk.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure

RUNS = 3
MEMORY_LIMIT = 30.0

SERVER = """
import socket, sys, threading
size = int(sys.argv[1]); block = bytes(range(256)) * 4096
def answer(client):
    with client:
        head = b''
        while not head.endswith(b'\\r\\n\\r\\n'):
            piece = client.recv(65536)
            if not piece: return
            head += piece
        head = b'HTTP/1.1 200 OK\\r\\nETag: "x"\\r\\nContent-Length: %d\\r\\n'
        client.sendall(head % size + b'Connection: close\\r\\n\\r\\n')
        left = size
        while left:
            left -= client.send(block[:min(left, len(block))])
listener = socket.create_server(('127.0.0.1', 0)); print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
"""

BARE = """
import httpx
with httpx.Client(verify=False, trust_env=False) as client, open(target, 'wb') as file:
    with client.stream('GET', url) as response:
        for piece in response.iter_raw():
            file.write(piece)
"""
BARE_ASYNC = """
import anyio, httpx
async def main():
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        async with client.stream('GET', url) as response:
            with open(target, 'wb') as file:
                async for piece in response.aiter_raw():
                    file.write(piece)
anyio.run(main)
"""
SYNCED = BARE + "\n    file.flush(); os.fsync(file.fileno())\n"

PRELUDE = """
import os, resource, sys, time
url, target = sys.argv[1], sys.argv[2]
def grown():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""

OURS = """
from typedpipes._core.flow import SyncIO, drive, sleep
from typedpipes._core.files import DownloadOptions, FileHost, FileLink, LinkPolicy, download
def source(*, fresh):
    yield from sleep(0)
    return FileLink.seen(url, time.time())
host = FileHost(LinkPolicy(loopback=True))
drive(download(source, target, host=host, identity='x', options=DownloadOptions(progress=lambda p: None)), SyncIO())
"""

ASYNC = (
    OURS.replace("drive(download", "anyio.run(adrive, download")
    .replace("SyncIO, drive", "AsyncIO, adrive")
    .replace("SyncIO())", "AsyncIO())")
    .replace("from typedpipes._core.flow", "import anyio\nfrom typedpipes._core.flow", 1)
)

ROWS = """
from typedpipes.rows import open_rows
with open_rows(target) as rows:
    count = sum(1 for row in rows)
print(count, file=sys.stderr)
"""


def timed(code: str, url: str, target: Path, warm: str) -> tuple[float, float]:
    """Seconds and the growth of resident memory (MB) that ``code`` takes in a process that ran ``warm`` before."""
    body = "\n".join(f"    {line}" for line in code.strip().splitlines())
    script = (
        f"{PRELUDE}\ndef work(url, target):\n{body}\n"
        f"small_url, small = {warm!r}, target + '.small'\n"
        "if small_url: work(small_url, small)\n"
        "else: work(url, small)\n"
        "before = grown(); began = time.perf_counter()\nwork(url, target)\n"
        "print(time.perf_counter() - began, grown() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, url, str(target)], stdout=subprocess.PIPE, text=True, check=True
    )
    seconds, memory = map(float, done.stdout.split())
    target.unlink(missing_ok=True)
    return seconds, memory


def serve(size: int) -> tuple[subprocess.Popen[str], str]:
    """A server of ``size`` bytes in a process of its own."""
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(size)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    return server, f"http://127.0.0.1:{server.stdout.readline().strip()}/f"


def figure(name: str, ours: float, peer: float | None, limit: float, *, at_least: bool = False) -> bool:
    """Print one figure and tell whether it is reached."""
    made = Figure(
        name=f"exports.{name.replace(' ', '_')}",
        what=name,
        unit="MB" if peer is None else "MB/s",
        ours=ours,
        limit=peer,
        limit_name="" if peer is None else "bare httpx",
        ratio=ours if peer is None else ours / peer,
        against="ours" if peer is None else "limit",
        goal=limit,
        at_least=at_least,
        n=RUNS,
    )
    print(made.line(), flush=True)
    return made.met is True


def downloads(folder: Path, size: int) -> bool:
    """Interleaved runs of the bare stream, the synced bare stream, and ours, sync and async; medians."""
    server, url = serve(size)
    small_server, small = serve(1 << 20)
    try:
        codes = {"bare": BARE, "synced": SYNCED, "sync": OURS, "bare async": BARE_ASYNC, "async": ASYNC}
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in codes}
        for _ in range(RUNS):
            for name, code in codes.items():
                taken[name].append(timed(code, url, folder / "file", small))
    finally:
        server.kill()
        small_server.kill()
    rate = {name: sorted(size / seconds / 1e6 for seconds, _ in runs)[RUNS // 2] for name, runs in taken.items()}
    growth = {name: max(memory for _, memory in runs) for name, runs in taken.items()}
    print(f"MB/s: { ({name: round(value) for name, value in rate.items()}) }")
    print(f"memory growth, MB: { ({name: round(value, 1) for name, value in growth.items()}) }")
    return all(
        [
            figure("download MB/s vs bare httpx to disk", rate["sync"], rate["bare"], 0.8, at_least=True),
            figure("download MB/s vs bare httpx to disk with fsync", rate["sync"], rate["synced"], 0.8, at_least=True),
            figure("async download MB/s vs bare httpx to disk", rate["async"], rate["bare async"], 0.8, at_least=True),
            figure("download memory growth MB", growth["sync"], None, MEMORY_LIMIT),
            figure("async download memory growth MB", growth["async"], None, MEMORY_LIMIT),
        ]
    )


def csv_rows(folder: Path, count: int) -> bool:
    """Rows of a large CSV."""
    large, small = folder / "rows.csv", folder / "rows.csv.small"
    line = "{0},automation {0},2026-11-20T10:30:00Z,success,card moved\n"
    for path, rows in ((large, count), (small, 10_000)):
        with path.open("w", encoding="utf-8") as file:
            file.write("Job ID,Automation,Ran at,Status,Event\n")
            for start in range(0, rows, 10_000):
                file.writelines(line.format(number) for number in range(start, min(rows, start + 10_000)))
    seconds, memory = timed(ROWS, "", large, "")
    print(f"CSV: {count} rows in {seconds:.1f} s, {count / seconds:,.0f} rows/s")
    return figure("CSV rows memory growth MB", memory, None, MEMORY_LIMIT)


def xlsx_rows(folder: Path, count: int) -> None:
    """Rows of a large XLSX whose strings are all different: reported, the format makes it hold them."""
    import zipfile

    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    for path, rows in ((folder / "rows.xlsx", count), (folder / "rows.xlsx.small", 100)):
        workbook = _frame(path)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in workbook.items():
                archive.writestr(name, content)
            with archive.open("xl/sharedStrings.xml", "w") as part:
                part.write(f'<sst xmlns="{namespace}"><si><t>Job</t></si><si><t>Note</t></si>'.encode())
                for n in range(rows):
                    part.write(f"<si><t>job {n} of the month</t></si>".encode())
                part.write(b"</sst>")
            with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
                part.write(f'<worksheet xmlns="{namespace}"><sheetData>'.encode())
                part.write(b'<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>')
                for n in range(rows):
                    part.write(f'<row><c t="s"><v>{n + 2}</v></c><c><v>{n}</v></c></row>'.encode())
                part.write(b"</sheetData></worksheet>")
    seconds, memory = timed(ROWS, "", folder / "rows.xlsx", "")
    print(f"XLSX: {count} rows in {seconds:.1f} s, {count / seconds:,.0f} rows/s, memory growth {memory:.0f} MB")


def _frame(path: Path) -> dict[str, bytes]:
    """The parts of a workbook besides its sheet and strings."""
    import zipfile

    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["x"])
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        left_out = ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml")
        parts = {name: archive.read(name) for name in archive.namelist() if name not in left_out}
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    strings = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = parts["[Content_Types].xml"].decode()
    if "sharedStrings" not in types:
        parts["[Content_Types].xml"] = types.replace("</Types>", strings).encode()
    return parts


def main() -> int:
    """0 if every figure is reached."""
    fraction = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="typedpipes-bench-") as name:
        folder = Path(name)
        reached = [downloads(folder, int(fraction * (1 << 30))), csv_rows(folder, int(fraction * 10_000_000))]
        xlsx_rows(folder, int(fraction * 1_000_000))
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{time.monotonic() - began:.0f} s, {usage.ru_utime + usage.ru_stime:.0f} s of CPU, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
