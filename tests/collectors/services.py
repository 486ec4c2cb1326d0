"""Services to be probed: real HTTP and HTTPS servers on this machine, well and unwell."""

import asyncio
import gzip
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

Reply = Callable[["Request"], Awaitable[bytes | None]]


@dataclass
class Request:
    """What a service was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """A server that answers each request with the bytes that `reply` gives, and hangs on None."""

    port: int = 0
    scheme: str = "http"
    asked: list[Request] = field(default_factory=list)
    host: str = "127.0.0.1"

    def url(self, path: str = "/") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"


def answer(body: str | bytes = "all is well", status: str = "200 OK", **headers: str) -> bytes:
    """The bytes of one answer."""
    content = body.encode() if isinstance(body, str) else body
    named = {"Content-Length": str(len(content)), "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + content


@asynccontextmanager
async def serving(
    reply: Reply, tls: ssl.SSLContext | None = None, holds: bool = False
) -> AsyncIterator[Service]:
    """A service for as long as the body lasts; one that `holds` never ends a connection."""
    service, open_ones = Service(scheme="https" if tls else "http"), set[asyncio.Task[None]]()
    if tls:
        service.host = "localhost"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        try:
            request = await _read(reader)
            service.asked.append(request)
            found = await reply(request)
            writer.write(found or b"")
            await writer.drain()
            if found is None or holds:
                await asyncio.sleep(60)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever asked has gone, or the test is over
        finally:
            writer.close()
            open_ones.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()
        for task in list(open_ones):
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    return Request(method, path, headers, body)


def always(reply: bytes | None) -> Reply:
    """The same answer to whatever is asked."""

    async def replying(_: Request) -> bytes | None:
        return reply

    return replying


def packed(text: str) -> bytes:
    return answer(gzip.compress(text.encode()), Content_Encoding="gzip")


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the tests' own, made by the `openssl` command."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        authority = cls(folder)
        authority._run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Tests",
        )  # fmt: skip
        (folder / "index.txt").touch()
        (folder / "ca.conf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\n"
            "policy=p\ncopy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n"
        )
        return authority

    def context(self, ends: str, name: str = "localhost") -> ssl.SSLContext:
        """For a server whose certificate ends at `ends`, YYYYMMDDHHMMSSZ."""
        file = f"{name}-{ends}"
        self._run(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{file}.key",
            "-out", f"{file}.csr", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
        )  # fmt: skip
        self._run(
            "ca", "-batch", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{file}.csr",
            "-out", f"{file}.pem", "-startdate", "20200101000000Z", "-enddate", ends, "-notext",
        )  # fmt: skip
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        return context

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)
