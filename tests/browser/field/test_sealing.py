"""What the phone seals is what RFC 9180 says, and what our server opens. Nothing the phone keeps can open it again."""

from threading import Thread
from uuid import UUID

import pytest
from altcha import v1 as altcha
from flask import Flask, Response, render_template_string
from werkzeug.serving import make_server

from server.core import assets
from server.core.requests import HEADERS
from server.reports import sealing
from tests.browser.field.phone import module

pytestmark = [pytest.mark.browser, pytest.mark.pure]

# RFC 9180, appendix A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, the first encryption.
RFC = {
    "info": "4f6465206f6e2061204772656369616e2055726e",
    "skEm": "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
    "pkEm": "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
    "pkRm": "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
    "aad": "436f756e742d30",
    "plain": "4265617574792069732074727574682c20747275746820626561757479",
    "box": "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
}
BY_THE_RFC = """async ([address, given]) => {
  const { hpke, bytesOfHex, hex } = await import(address);
  const url = (digits) => btoa(String.fromCharCode(...bytesOfHex(digits))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '');
  const jwk = { kty: 'EC', crv: 'P-256', x: url(given.pkEm.slice(2, 66)), y: url(given.pkEm.slice(66)), d: url(given.skEm) };
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const { d, ...open } = jwk;
  const pair = { privateKey: await crypto.subtle.importKey('jwk', jwk, curve, false, ['deriveBits']), publicKey: await crypto.subtle.importKey('jwk', open, curve, true, []) };
  const of = (name) => bytesOfHex(given[name]);
  const { point, box } = await hpke({ receiver: of('pkRm'), info: of('info'), aad: of('aad'), plain: of('plain'), pair, bits: 128 });
  return [hex(point), hex(box)];
}"""
SEALED = """async ([address, key, id, content]) => {
  const { seal, padded, bytesOfHex, hex } = await import(address);
  return hex(await seal({ id: key.id, point: bytesOfHex(key.point) }, id, padded(content)));
}"""
NUMBER = "0e7a1b6c-2f43-4c35-9d1a-5f2d5c0b7a11"


@pytest.fixture(scope="module")
def page(chromium):
    """A bare page under our own policy that can load the phone's modules."""
    site = Flask("server", static_folder=None)
    assets.init_app(site)
    site.add_url_rule("/", "bare", lambda: Response(render_template_string("<!doctype html><title>-</title>"), headers=HEADERS))
    server = make_server("127.0.0.1", 0, site, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    context = chromium.new_context()
    made = context.new_page()
    made.goto(f"http://127.0.0.1:{server.server_port}/")
    yield made
    context.close()
    server.shutdown()


def test_the_phone_seals_as_the_vectors_of_the_rfc_say(page):
    assert page.evaluate(BY_THE_RFC, [module("seal"), RFC]) == [RFC["pkEm"], RFC["box"]]


def sealed(page, content, number=NUMBER):
    private = sealing.new_pair()
    point = sealing.public_bytes(private)
    key = {"id": sealing.key_id_of(point).hex(), "point": point.hex()}
    return private, bytes.fromhex(page.evaluate(SEALED, [module("seal"), key, number, content]))


def test_the_server_opens_what_the_phone_sealed_under_its_own_number_only(page):
    private, envelope = sealed(page, {"text": "Дах упав"})
    assert envelope[:4] == b"TSR1"
    assert sealing.unseal(envelope, key=private, bound_to=UUID(NUMBER)).rstrip(b" ") == '{"text":"Дах упав"}'.encode()
    with pytest.raises(sealing.Unopened):
        sealing.unseal(envelope, key=private, bound_to=UUID(int=7))


@pytest.mark.parametrize(("letters", "kilobytes"), [(0, 1), (900, 1), (1100, 2), (3000, 4), (60_000, 64)])
def test_the_size_of_an_envelope_tells_only_the_next_power_of_two(page, letters, kilobytes):
    _private, envelope = sealed(page, {"text": "x" * letters})
    assert len(envelope) == kilobytes * 1024 + 4 + 8 + 65 + 16


def test_the_same_words_are_never_sealed_alike(page):
    assert sealed(page, {"text": "same"})[1] != sealed(page, {"text": "same"})[1]


PROOF = """async ([address, given]) => JSON.parse(atob(await (await import(address)).solve(given)))"""


def test_the_proof_a_busy_server_asks_for_is_found(page):
    options = altcha.ChallengeOptions(algorithm="SHA-256", max_number=3000, hmac_key="k")
    asked = altcha.create_challenge(options)
    given = {"algorithm": asked.algorithm, "challenge": asked.challenge, "maxnumber": asked.max_number, "salt": asked.salt, "signature": asked.signature}
    payload = page.evaluate(PROOF, [module("proof"), given])
    assert altcha.verify_solution(payload, "k") == (True, None)
