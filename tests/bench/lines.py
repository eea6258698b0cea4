"""500 photos over lines that are cut, to a server that is killed: how many arrive whole, and how much is sent twice.

``PHOTOS=60`` shrinks it. Sizes are 0.4 to 6 MB; a quarter of all lines is torn down after 1 to 400 KB; the server is killed with
SIGKILL once for every twelve photos.
"""

import os
import random

from tests.bench import ground

PHOTOS, PHONES, SEED = int(os.environ.get("PHOTOS", "500")), 6, 11


def run() -> None:
    """Measure and print."""
    os.environ.update(ground.environment())
    from server.core.database import bind, session, settled
    from server.core.settings import settings
    from server.reports import keys
    from tests.evidence.pictures import encoded, four_corners
    from tests.intake import broken_lines

    bind(settings())
    with settled():
        keys.ensure_key()
        key = (keys.current() or {})["public_key"]
    dice, jpeg, kills = random.Random(SEED), encoded(four_corners()), PHOTOS // 12
    photos = [jpeg + dice.randbytes(dice.randrange(400_000, 6_000_000)) for _ in range(PHOTOS)]
    server = broken_lines.Server(ground.environment())
    server.start()
    mast = broken_lines.Mast(server.port, SEED)
    outcome, wrong = broken_lines.run(server, mast, key, photos, phones=PHONES, seed=SEED, kills=kills)
    mast.close()
    server.stop()
    whole = sum(broken_lines.stored(media_id) == photo for _place, photo, _number, media_id, _envelope, _kept in outcome)
    session.remove()
    again = mast.passed / sum(len(envelope) for *_rest, envelope, _kept in outcome)
    print(f"{PHOTOS} photos over lines that die ({mast.cuts} cuts, {server.kills} kills of the server)")
    ground.line("photos that arrived whole, byte for byte", f"{whole} of {PHOTOS}", "goal: all")
    ground.line("phones that gave up", str(len(wrong)), "goal: 0")
    ground.line("bytes sent, over bytes there were", f"{again:.2f}", "goal: 1.5 at most")
    ground.keep("lines", {"whole": whole, "of": PHOTOS, "sent_over_size": again, "cuts": mast.cuts, "kills": server.kills})
