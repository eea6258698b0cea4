"""Learning from reviewers, as an operator asks for it."""

import json

from server.matching import decisions, service
from server.matching.weights import DEFAULT


def test_rulings_in_the_database_teach_once_there_are_enough(app, database, report, staff, lies_on, work, tmp_path, monkeypatch):
    run = lambda *words: app.test_cli_runner().invoke(args=["matching", "train", "--decisions", *words])  # noqa: E731 - a word for a call
    answer = run(str(tmp_path / "w.json"))
    assert answer.exit_code == 1
    assert "30 are needed" in answer.output
    numbers = [report(east=12.0 * place, text=f"School No. {place} hit") for place in range(4)]
    work()
    one, other = (lies_on(number) for number in numbers[:2])
    service.keep_apart(one.id, other.id, actor=staff["chipo"], reason="two schools")
    monkeypatch.setattr(decisions, "ENOUGH", 0)
    answer = run(str(tmp_path / "w.json"))
    assert answer.exit_code == 0, answer.output
    assert "1 ruled to be two" in answer.output
    assert json.loads((tmp_path / "w.json").read_text())["bands"] == json.loads(DEFAULT.read_text())["bands"]
