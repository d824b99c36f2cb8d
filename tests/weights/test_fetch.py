"""Fetching over a real HTTP server on loopback: nothing half-written or wrong is ever used."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from loopback import DATA, Site, card, cut_off, page, redirect, resumable, silent, slow, status, whole

from freefill.errors import WeightsError
from freefill.weights.cards.card import Card, DriveFile
from freefill.weights.folder import read_record, trusted_file
from freefill.weights.getting import fetch
from freefill.weights.getting.fetch import fetch_cards


def files_in(folder: Path) -> list[str]:
    """All files but the locks: what a fetch left behind."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


class Said:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.texts: list[str] = []
        self.done = 0

    def update(self, n: int) -> None:
        self.done += n

    def start(self, total: int | None) -> None:
        self.total = total
        self.done = 0

    def close(self) -> None:
        pass

    def say(self, text: str) -> None:
        self.texts.append(text)


def test_a_whole_answer_is_kept_with_its_record(site: Site, store_folder: Path) -> None:
    (path,) = fetch_cards([card(site.serve("/f", whole()))])
    assert path.read_bytes() == DATA
    assert files_in(store_folder) == ["thing.bin", "thing.record.json"]
    record = read_record("thing")
    assert record is not None
    assert (record.sha256, record.bytes) == (hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert record.origin == site.address + "/f"


def test_what_is_here_is_not_fetched_again(site: Site) -> None:
    wanted = card(site.serve("/f", whole()))
    fetch_cards([wanted])
    fetch_cards([wanted])
    assert len(site.asked) == 1


def test_progress_reaches_the_size_of_the_file(site: Site) -> None:
    said = Said()
    fetch_cards([card(site.serve("/f", whole()))], said)
    assert said.total == said.done == len(DATA)


def test_an_answer_cut_off_is_asked_for_again(site: Site) -> None:
    said = Said()
    (path,) = fetch_cards([card(site.serve("/f", cut_off(), whole()))], said)
    assert path.read_bytes() == DATA
    assert "broke off" in said.texts[0]


def test_an_answer_always_cut_off_leaves_no_file(site: Site, store_folder: Path) -> None:
    with pytest.raises(WeightsError, match="broke off"):
        fetch_cards([card(site.serve("/f", cut_off()))])
    assert not (store_folder / "thing.bin").exists()
    assert len(site.asked) == 4


def test_a_cut_off_answer_is_gone_on_with_where_the_server_vouches_for_it(site: Site) -> None:
    (path,) = fetch_cards([card(site.serve("/f", cut_off(after=327_680, tag='"one"'), resumable()), data=None)])
    assert path.read_bytes() == DATA
    assert site.asked[1][1]["Range"].startswith("bytes=")
    assert site.asked[1][1]["If-Range"] == '"one"'


def test_a_file_that_changed_in_between_is_begun_again(site: Site) -> None:
    other = DATA[::-1]
    (path,) = fetch_cards([card(site.serve("/f", cut_off(tag='"one"'), resumable(other, '"two"')), data=None)])
    assert path.read_bytes() == other


def test_wrong_bytes_are_refused_and_leave_nothing(site: Site, store_folder: Path) -> None:
    wrong = DATA[:-1] + b"?"
    with pytest.raises(WeightsError, match="SHA-256"):
        fetch_cards([card(site.serve("/f", whole(wrong)))])
    assert files_in(store_folder) == []


def test_a_wrong_md5_is_refused(site: Site, store_folder: Path) -> None:
    with pytest.raises(WeightsError, match="MD5"):
        fetch_cards([card(site.serve("/f", whole()), data=None, md5="0" * 32)])
    assert files_in(store_folder) == []


def test_a_right_md5_is_taken_and_a_sha256_recorded(site: Site) -> None:
    wanted = card(site.serve("/f", whole()), data=None, md5=hashlib.md5(DATA).hexdigest())
    fetch_cards([wanted])
    record = read_record("thing")
    assert record is not None
    assert record.origin_sha256 == hashlib.sha256(DATA).hexdigest()


def test_another_size_than_the_card_says_is_refused(site: Site) -> None:
    with pytest.raises(WeightsError, match=f"{len(DATA)} bytes instead of 17"):
        fetch_cards([card(site.serve("/f", whole()), data=None, bytes=17)])


def test_the_next_source_is_tried_where_the_first_has_wrong_bytes(site: Site) -> None:
    said = Said()
    wanted = card(site.serve("/a", whole(b"wrong")), site.serve("/b", whole()))
    (path,) = fetch_cards([wanted], said)
    assert path.read_bytes() == DATA
    assert "trying the next source" in said.texts[0]


def test_a_dead_link_goes_to_the_next_source_at_once(site: Site) -> None:
    (path,) = fetch_cards([card(site.address + "/gone", site.serve("/b", whole()))])
    assert path.read_bytes() == DATA
    assert [asked for asked, _ in site.asked] == ["/gone", "/b"]


def test_a_server_in_trouble_is_asked_again(site: Site) -> None:
    (path,) = fetch_cards([card(site.serve("/f", status(503), status(500), whole()))])
    assert path.read_bytes() == DATA


def test_each_source_that_fails_is_told_but_for_the_last_which_is_the_error(site: Site) -> None:
    urls = [site.serve(f"/{code}", status(code)) for code in (404, 403, 410)]
    said = Said()
    with pytest.raises(WeightsError, match="could not be fetched"):
        fetch_cards([card(*urls)], said)
    told = [text for text in said.texts if text.endswith("; trying the next source")]
    assert len(told) == 2  # of three
    assert ["404" in told[0], "403" in told[1]] == [True, True]


def test_all_reasons_and_the_way_out_are_in_one_line(site: Site) -> None:
    with pytest.raises(WeightsError) as error:
        fetch_cards([card(site.serve("/a", status(500)), site.address + "/gone")])
    text = str(error.value)
    assert "answered 500" in text
    assert "answered 404" in text
    assert "freefill weights import FILE --name thing" in text
    assert "\n" not in text


def test_redirections_are_followed(site: Site) -> None:
    site.serve("/end", whole())
    (path,) = fetch_cards([card(site.serve("/f", redirect("/end")))])
    assert path.read_bytes() == DATA


def test_a_circle_of_redirections_ends(site: Site) -> None:
    with pytest.raises(WeightsError, match="redirect"):
        fetch_cards([card(site.serve("/f", redirect("/f")))])


def test_a_slow_answer_is_waited_for(site: Site) -> None:
    (path,) = fetch_cards([card(site.serve("/f", slow()))])
    assert path.read_bytes() == DATA


def test_a_server_that_falls_silent_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freefill.weights.getting.download.TIMEOUT_S", (1.0, 0.05))
    with pytest.raises(WeightsError, match="stopped sending"):
        fetch_cards([card(site.serve("/f", silent(0.5)))])


def test_a_server_that_is_not_there_is_named(site: Site) -> None:
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1:1 cannot be reached"):
        fetch_cards([card("http://127.0.0.1:1/f")])


def test_a_web_page_in_place_of_the_file_is_refused_with_its_title(site: Site, store_folder: Path) -> None:
    answer = page("<!DOCTYPE html><html><head><title>Too many\n users</title></head></html>")
    with pytest.raises(WeightsError, match="web page titled 'Too many users' instead of the file"):
        fetch_cards([card(site.serve("/f", answer), data=None)])
    assert files_in(store_folder) == []


def test_an_empty_answer_is_refused(site: Site, store_folder: Path) -> None:
    with pytest.raises(WeightsError, match="0 bytes"):
        fetch_cards([card(site.serve("/f", whole(b"")), data=None)])
    assert files_in(store_folder) == []


# --- where no hash is published ------------------------------------------------------------------------------------


def test_the_first_fetch_records_a_hash_that_a_later_one_must_meet(site: Site) -> None:
    wanted = card(site.serve("/f", whole(), whole(b"other")), data=None)
    (path,) = fetch_cards([wanted])
    path.unlink()
    with pytest.raises(WeightsError, match=r"recorded on .*--forget"):
        fetch_cards([wanted])
    assert not path.exists()


def test_a_file_that_changed_on_disk_is_not_used(site: Site) -> None:
    wanted = card(site.serve("/f", whole()), data=None)
    (path,) = fetch_cards([wanted])
    path.write_bytes(DATA[:-1] + b"?")
    with pytest.raises(WeightsError, match="have changed"):
        trusted_file("thing", wanted)


def test_a_file_only_touched_is_hashed_and_still_used(site: Site) -> None:
    wanted = card(site.serve("/f", whole()), data=None)
    (path,) = fetch_cards([wanted])
    os.utime(path, ns=(1, 1))
    assert trusted_file("thing", wanted) == path
    record = read_record("thing")
    assert record is not None
    assert record.mtime_ns == 1


# --- the drive host ------------------------------------------------------------------------------------------------

FORM = """<!DOCTYPE html><html><head><title>Virus scan warning</title></head><body><form id="download-form"
action="{action}" method="get"><input type="submit" value="Download anyway"/><input type="hidden" name="id" value="abc">
<input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="0-1"></form></body></html>"""


def drive(site: Site) -> DriveFile:
    return DriveFile("abc", host=site.address + "/uc")


def test_a_small_file_of_a_drive_comes_at_once(site: Site) -> None:
    site.serve("/uc", whole())
    (path,) = fetch_cards([card(drive(site))])
    assert path.read_bytes() == DATA
    assert site.asked[0][0] == "/uc?export=download&id=abc"


def test_the_form_of_a_drive_is_filled_in_and_sent_back(site: Site) -> None:
    site.serve("/uc", page(FORM.format(action=site.address + "/download")))
    site.serve("/download", whole())
    (path,) = fetch_cards([card(drive(site))])
    assert path.read_bytes() == DATA
    asked = site.asked[1][0]
    assert asked.startswith("/download?")
    assert {"id=abc", "export=download", "confirm=t", "uuid=0-1"} == set(asked.split("?")[1].split("&"))


def test_the_older_cookie_of_a_drive_is_sent_back(site: Site) -> None:
    site.serve("/uc", page("<html>Are you sure?</html>", Set_Cookie="download_warning_1=yes7; Path=/"), whole())
    (path,) = fetch_cards([card(drive(site))])
    assert path.read_bytes() == DATA
    asked, headers = site.asked[1]
    assert asked == "/uc?export=download&id=abc&confirm=yes7"
    assert headers["Cookie"] == "download_warning_1=yes7"


def test_a_drive_page_without_a_question_is_an_error(site: Site) -> None:
    site.serve("/uc", page("<html><title>Quota exceeded</title></html>"))
    with pytest.raises(WeightsError, match="web page titled 'Quota exceeded'"):
        fetch_cards([card(drive(site))])


def test_a_drive_that_only_asks_again_is_an_error(site: Site) -> None:
    site.serve("/uc", page(FORM.format(action=site.address + "/download")))
    site.serve("/download", page(FORM.format(action=site.address + "/download")))
    with pytest.raises(WeightsError, match="web page titled 'Virus scan warning'"):
        fetch_cards([card(drive(site))])


# --- offline -------------------------------------------------------------------------------------------------------


def test_offline_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def guard(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", guard)
    monkeypatch.setattr(socket, "create_connection", guard)
    monkeypatch.setattr(subprocess, "run", guard)
    monkeypatch.setenv("FREEFILL_OFFLINE", "1")
    with pytest.raises(WeightsError, match="FREEFILL_OFFLINE is set"):
        fetch_cards([card("http://127.0.0.1:9/f")])
    from freefill.weights import store

    for name in ("places2", "lama", "u2netp", "nanodet"):
        with pytest.raises(WeightsError, match="FREEFILL_OFFLINE is set"):
            store.fetch([name])[0]


def test_offline_what_is_here_is_still_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = card(site.serve("/f", whole()))
    (path,) = fetch_cards([wanted])
    monkeypatch.setenv("FREEFILL_OFFLINE", "1")
    assert fetch_cards([wanted]) == [path]


def test_offline_0_means_online(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEFILL_OFFLINE", "0")
    assert fetch_cards([card(site.serve("/f", whole()))])


# --- several processes ---------------------------------------------------------------------------------------------

CHILD = textwrap.dedent("""
    import json, sys
    from freefill.weights.cards.card import Card, Url
    from freefill.weights.getting.fetch import fetch_cards
    fields = json.loads(sys.argv[1])
    print(fetch_cards([Card(**{**fields, "sources": (Url(fields["sources"][0]["url"]),), "companions": ()})])[0])
""")


def child(wanted: Card) -> "subprocess.Popen[str]":
    from dataclasses import asdict

    return subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(asdict(wanted))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_fetch_once(site: Site) -> None:
    wanted = card(site.serve("/f", slow(pause_s=0.03)), data=None)
    both = [child(wanted), child(wanted)]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert Path(outputs[0][0].strip()).read_bytes() == DATA
    assert len(site.asked) == 1


def test_a_process_killed_in_the_middle_leaves_nothing_that_is_used(site: Site, store_folder: Path) -> None:
    first = threading.Event()
    wanted = card(site.serve("/f", slow(pause_s=0.2, first=first), whole()), data=None)
    process = child(wanted)
    assert first.wait(60)
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (store_folder / "thing.bin").exists()
    assert trusted_file("thing", wanted) is None
    assert (store_folder / ".fetching" / "thing.bin.part").stat().st_size < len(DATA)
    (path,) = fetch_cards([wanted])  # the lock of the dead one is free again
    assert path.read_bytes() == DATA
    assert files_in(store_folder) == ["thing.bin", "thing.record.json"]


def test_who_waits_for_another_process_is_told(site: Site, store_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import filelock

    monkeypatch.setattr(fetch, "LOCK_WAIT_S", 0.1)
    (store_folder / ".fetching").mkdir(parents=True)
    said = Said()
    with (
        filelock.FileLock(store_folder / ".fetching" / "thing.lock"),
        pytest.raises(WeightsError, match="another process has held it"),
    ):
        fetch_cards([card(site.serve("/f", whole()))], said)
    assert "another process is fetching thing" in said.texts[0]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(WeightsError, match="set FREEFILL_WEIGHTS_DIR"):
        fetch_cards([card("http://127.0.0.1:9/f")])
