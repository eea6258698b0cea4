"""A real S3 server on this machine with one empty bucket, for tests of what lies in a bucket."""

import http.client
from contextlib import contextmanager
from typing import NamedTuple

import boto3
import pytest
from moto.server import ThreadedMotoServer

NAME, PREFIX = "tessera", "response"
KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


class Bucket(NamedTuple):
    """``url``: as STORAGE_URL; ``client``: a hand beside the store; ``server``: to be stopped when the store shall be away."""

    url: str
    client: object
    server: ThreadedMotoServer

    def keys(self, namespace=""):
        """The names of all objects of a namespace."""
        listed = self.client.list_objects_v2(Bucket=NAME, Prefix=f"{PREFIX}/{namespace}")
        return [found["Key"] for found in listed.get("Contents", ())]

    def read(self, key):
        return self.client.get_object(Bucket=NAME, Key=key)["Body"].read()


@contextmanager
def a_bucket(unfinished):
    """The bucket; `unfinished` is the folder where bytes wait until they are whole."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        _forget_all(*server.get_host_and_port())
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        client.create_bucket(Bucket=NAME)
        yield Bucket(f"s3://{NAME}/{PREFIX}?endpoint={endpoint}&unfinished={unfinished}", client, server)
        server.stop()


def _forget_all(host, port):
    """All servers of a process share one memory: begin with none of what another test kept."""
    line = http.client.HTTPConnection(host, port, timeout=30)
    line.request("POST", "/moto-api/reset")
    assert line.getresponse().read()
    line.close()
