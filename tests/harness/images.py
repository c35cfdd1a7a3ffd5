"""Container images, made without a container engine: OCI layouts, and what skopeo makes of them."""

import gzip
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class Hidden:
    """A file of a lower layer that is gone in this one."""


class HiddenFolder:
    """All that lower layers have in a folder is gone."""


class Link:
    def __init__(self, target):
        self.target = target


class HardLink(Link):
    pass


class Special:
    """A device node, as a hostile or an old image has one."""


def layer(files):
    """{path: text, bytes, None for a folder, a Link, Hidden or HiddenFolder} as the bytes of a tar.gz.

    Files that begin with "#!" and bytes that are programs can be executed.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.mode = 0o644
            data = b""
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            elif content is Hidden:
                folder, _, name = path.rpartition("/")
                info.name = f"{folder}/.wh.{name}" if folder else f".wh.{name}"
            elif content is HiddenFolder:
                info.name = f"{path}/.wh..wh..opq"
            elif content is Special:
                info.type, info.devmajor, info.devminor = tarfile.CHRTYPE, 1, 3
            elif isinstance(content, Link):
                info.type = tarfile.LNKTYPE if isinstance(content, HardLink) else tarfile.SYMTYPE
                info.linkname = content.target
            else:
                data = content.encode() if isinstance(content, str) else content
                if data[:2] == b"#!" or data[:4] == b"\x7fELF":
                    info.mode = 0o4755  # set-user-id bits are not for sandboxes
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), compresslevel=1, mtime=0)


def write_layout(folder, layers, tag="latest", architecture="amd64", **config):
    """An OCI layout of one image at `folder`. Returns the manifest's digest."""
    blobs = pathlib.Path(folder) / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def put(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(data)}

    content = {
        "architecture": architecture, "os": "linux", "config": config,
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(gzip.decompress(each)).hexdigest() for each in layers]},
    }
    manifest = {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": put(json.dumps(content).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [put(each, LAYER) for each in layers],
    }
    described = put(json.dumps(manifest).encode(), manifest["mediaType"])
    if tag:
        described["annotations"] = {"org.opencontainers.image.ref.name": tag}
    described["platform"] = {"os": "linux", "architecture": architecture}
    (pathlib.Path(folder) / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
    (pathlib.Path(folder) / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return described["digest"]


def libraries_of(programs):
    """The shared libraries of programs, with the loader."""
    found = set()
    for program in programs:
        for line in subprocess.run(["ldd", program], text=True, capture_output=True).stdout.splitlines():
            found.update(word for word in line.split() if word.startswith("/"))
    return found


def python_layer():
    """This machine's Python as an image would have it."""
    python = pathlib.Path("/usr/bin/python3").resolve()
    standard = pathlib.Path("/usr/lib") / python.name
    files = {"lib": Link("usr/lib"), "lib64": Link("usr/lib64"), "bin": Link("usr/bin"), "usr/bin/python3": python.read_bytes(),
             "etc": None, "etc/passwd": "root:x:0:0::/root:/bin/sh\n", "tmp": None}
    extensions = [path for path in (standard / "lib-dynload").glob("*.so")]
    for path in standard.rglob("*.py"):
        inside = path.relative_to(standard)
        if inside.parts[0] not in ("test", "idlelib", "tkinter", "dist-packages", "site-packages", "lib2to3", "ensurepip"):
            files[f"usr/lib/{standard.name}/{inside}"] = path.read_bytes()
    for path in extensions:
        files[f"usr/lib/{standard.name}/lib-dynload/{path.name}"] = path.read_bytes()
    for library in libraries_of([python, *extensions]):
        # As on any merged system: /lib leads to usr/lib.
        inside = library if library.startswith("/usr") else "/usr" + library
        files[inside[1:]] = pathlib.Path(library).read_bytes()
    return layer(files)


def convert(source, target, *options):
    """By skopeo, as people do: convert("oci:folder:tag", "docker-archive:file.tar:name:tag")."""
    assert shutil.which("skopeo"), "skopeo is not installed: ./dev test does that"
    done = subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", *options, source, target], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
