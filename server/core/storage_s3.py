"""The store in a bucket of any store that speaks S3, for installations of several machines.

Every object carries the hash that is its name, so the bucket itself refuses bytes that changed on the way: "received" must mean
kept, whoever runs the bucket. What is not whole yet lies in a folder of this machine, never in the bucket.
"""

import hashlib
import io
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from server.core.clock import now
from server.core.settings import VAR
from server.core.storage import CHUNK_BYTES, NothingStored, StorageDamaged, Store, StoreAway, checked, chunks

IN_MEMORY_BYTES = 8 * 1024 * 1024
MISSING = {"404", "NoSuchKey", "NotFound"}


class BucketStore(Store):
    """Objects in one bucket: ``<prefix><namespace>/<first two hex digits>/<sha256>``.

    Keys come from the environment or the machine's role, as every S3 client takes them (``AWS_ACCESS_KEY_ID`` …).
    """

    def __init__(self, client: Any, *, bucket: str, prefix: str = "", unfinished: Path = VAR / "unfinished") -> None:
        self._client, self._bucket, self._prefix, self.place = client, bucket, prefix, unfinished

    @classmethod
    def at(cls, url: str) -> "BucketStore":
        """The store at ``s3://bucket/prefix?endpoint=https://…&region=…&unfinished=/a/folder``; ValueError without a bucket."""
        parts, said = urlsplit(url), {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
        if not parts.netloc:
            raise ValueError("STORAGE_URL names no bucket: s3://bucket/prefix?endpoint=https://…")
        patience = Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 4, "mode": "standard"})
        client = boto3.client("s3", endpoint_url=said.get("endpoint"), region_name=said.get("region", "us-east-1"), config=patience)
        prefix = parts.path.strip("/")
        unfinished = Path(said.get("unfinished", VAR / "unfinished"))
        return cls(client, bucket=parts.netloc, prefix=f"{prefix}/" if prefix else "", unfinished=unfinished)

    def put(self, data: bytes | IO[bytes], namespace: str = "files") -> str:
        """Keep the bytes and give their SHA-256 in hex; the bucket has compared them with it. StorageDamaged when they differ."""
        with _spooled(data) as (file, name), _reached(namespace):
            told = self._client.put_object(
                **self._where(name, namespace), Body=file, ContentType="application/octet-stream",
                ChecksumSHA256=b64encode(bytes.fromhex(name)).decode(),
            )  # fmt: skip
        if not told.get("ChecksumSHA256"):  # an old store that does not reckon with hashes: read it once more ourselves
            self.get(name, namespace)
        return name

    def open(self, name: str, namespace: str = "files") -> IO[bytes]:
        """A seekable file that comes as it is read, unchecked; NothingStored when absent."""
        return io.BufferedReader(_Incoming(self._client, self._where(name, namespace), namespace), CHUNK_BYTES)

    def exists(self, name: str, namespace: str = "files") -> bool:
        """True when bytes are kept under this name."""
        try:
            with _reached(namespace):
                self._client.head_object(**self._where(name, namespace))
        except NothingStored:
            return False
        return True

    def delete(self, name: str, namespace: str = "files") -> None:
        """Remove the content for good; nothing happens when it is already gone. The bucket must not keep versions."""
        with _reached(namespace):
            self._client.delete_object(**self._where(name, namespace))

    def names_older_than(self, seconds: float, namespace: str) -> Iterator[str]:
        """The names that were given this long ago or longer, by the clock of the bucket; with 0, every name."""
        latest = now() - timedelta(seconds=seconds)
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{self._prefix}{namespace}/")
        with _reached(namespace):
            for page in pages:
                for found in page.get("Contents", ()):
                    if not seconds or found["LastModified"] <= latest:
                        yield found["Key"].rsplit("/", 1)[-1]

    def private_folder(self, name: str) -> Path:
        """A folder of this machine: what is not whole yet goes to no bucket."""
        folder = self.place / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _where(self, name: str, namespace: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked(name, namespace)}


class _Incoming(io.RawIOBase):
    """An object as a file: one request from where it is read on, so that a part of a large file costs that part alone."""

    def __init__(self, client: Any, where: dict[str, str], namespace: str) -> None:
        self._client, self._wanted, self._namespace = client, where, namespace
        self._at, self._body = 0, None
        with _reached(namespace):
            told = client.get_object(**where)
        self._size, self._body = int(told["ContentLength"]), told["Body"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        to = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if to != self._at:
            self._let_go()
        self._at = max(0, to)
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        with _reached(self._namespace):
            if self._body is None:
                self._body = self._client.get_object(**self._wanted, Range=f"bytes={self._at}-")["Body"]
            data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


@contextmanager
def _reached(namespace: str) -> Iterator[None]:
    """Say in the house's words what the bucket answered: NothingStored, StorageDamaged, or StoreAway."""
    try:
        yield
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
        if code in MISSING:
            raise NothingStored(namespace) from None
        if code in {"BadDigest", "InvalidRequest", "XAmzContentChecksumMismatch"}:
            raise StorageDamaged(namespace) from None
        raise StoreAway(code) from None
    except BotoCoreError as unreached:
        raise StoreAway(type(unreached).__name__) from None


@contextmanager
def _spooled(data: bytes | IO[bytes]) -> Iterator[tuple[IO[bytes], str]]:
    """The bytes as a seekable file, and their SHA-256 in hex."""
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        for chunk in chunks(data):
            digest.update(chunk)
            file.write(chunk)
        file.seek(0)
        yield file, digest.hexdigest()
