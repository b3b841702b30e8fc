"""Downloads from links that expire: complete or not at all, without credentials, from trusted hosts.

- `links`: which links are followed (`LinkPolicy`), and how long one lives (`FileLink`).
- `host`: the credential-free client; every redirect and address is checked.
- `transfer`: the bytes, over as many connections and links as it takes.
- `part_file`: the unfinished file, and the atomic step to the finished one; writing while the network continues.
- `download`: the flow that puts them together; `stream`: the same bytes as a file object; `progress`: how far it is.
"""

from typedpipes._core.files.download import DownloadOptions, download
from typedpipes._core.files.host import FileHost
from typedpipes._core.files.links import FileLink, LinkPolicy, LinkSource
from typedpipes._core.files.progress import Progress
from typedpipes._core.files.transfer import Transfer

__all__ = ["DownloadOptions", "FileHost", "FileLink", "LinkPolicy", "LinkSource", "Progress", "Transfer", "download"]
