"""Deployment packages, made in memory."""

import io
import stat
import zipfile


def zip_of(files):
    """A zip of {name: text or bytes}. `bootstrap`, extensions and scripts (.sh) are executable. Names go in as they are, `../` too; SymLink values become links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            executable = name == "bootstrap" or name.startswith("extensions/") or name.endswith(".sh")
            mode = stat.S_IFREG | (0o755 if executable else 0o644)
            if isinstance(content, SymLink):
                mode, content = stat.S_IFLNK | 0o777, content.target
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return buffer.getvalue()


class SymLink:
    def __init__(self, target):
        self.target = target
