"""HTTPS on a field network: what a phone that installed the root accepts, and what it refuses."""

import http.server
import socket
import ssl
import threading

import pytest

pytestmark = pytest.mark.pure


def made(app, folder, *names):
    return app.test_cli_runner().invoke(args=["certificate", str(folder), *names])


@pytest.fixture
def serve():
    """Serve HTTPS with the certificate of a folder; gives the port."""
    servers = []

    def start(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        server.RequestHandlerClass.log_message = lambda *_: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def greet(port, *, name, root):
    """Shake hands as a phone that trusts ``root`` and nothing else."""
    context = ssl.create_default_context(cafile=root)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as safe,
    ):
        return safe.getpeercert()["subjectAltName"]


def test_a_phone_with_the_root_trusts_the_server_by_name_and_by_address(app, tmp_path, serve):
    assert made(app, tmp_path, "tessera.field", "127.0.0.1").exit_code == 0
    port = serve(tmp_path)
    assert ("DNS", "tessera.field") in greet(port, name="tessera.field", root=tmp_path / "root.crt")
    assert ("IP Address", "127.0.0.1") in greet(port, name="127.0.0.1", root=tmp_path / "root.crt")


def test_a_phone_refuses_the_server_under_another_name(app, tmp_path, serve):
    made(app, tmp_path, "tessera.field")
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(serve(tmp_path), name="bank.example", root=tmp_path / "root.crt")


def test_the_root_certifies_nothing_but_the_names_it_was_made_for(app, tmp_path):
    made(app, tmp_path, "tessera.field")
    before = (tmp_path / "server.crt").read_bytes()
    refused = made(app, tmp_path, "bank.example")
    assert refused.exit_code == 1
    assert "was not made for bank.example" in refused.output
    assert (tmp_path / "server.crt").read_bytes() == before


def test_a_new_certificate_keeps_the_root_that_phones_know(app, tmp_path, serve):
    made(app, tmp_path, "tessera.field")
    root = (tmp_path / "root.crt").read_bytes()
    assert made(app, tmp_path, "tessera.field").exit_code == 0
    assert (tmp_path / "root.crt").read_bytes() == root
    assert greet(serve(tmp_path), name="tessera.field", root=tmp_path / "root.crt")


def test_keys_are_readable_by_their_owner_alone(app, tmp_path):
    made(app, tmp_path / "authority", "tessera.field")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "authority").glob("*.key")} == {0o600}
