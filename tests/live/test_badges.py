"""Badge codes and links, made and found again."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from live.badges import ALPHABET, Badges, NotAKey, grouped, hash_token, read_key

KEY = bytes(range(32))


@pytest.fixture
def badges() -> Badges:
    made = Badges(KEY)
    made.learn((person, 1) for person in range(1, 301))
    return made


def test_a_code_is_ten_letters_of_the_join_alphabet_and_always_the_same(badges: Badges) -> None:
    code = badges.code(12, 1)

    assert len(code) == 10
    assert set(code) <= set(ALPHABET)
    assert code == Badges(KEY).code(12, 1)
    assert set("01ILOS").isdisjoint(ALPHABET)


def test_person_issue_screen_and_key_each_make_another_code_and_link(badges: Badges) -> None:
    other = Badges(bytes(32))

    assert len({badges.code(1, 1), badges.code(2, 1), badges.code(1, 2), other.code(1, 1)}) == 4
    made = {badges.link_secret(1, 1), badges.link_secret(1, 2), badges.screen_secret(1, 1), other.link_secret(1, 1)}
    assert len(made) == 4


def test_a_code_is_found_however_it_was_typed(badges: Badges) -> None:
    code = badges.code(7, 1)
    cyrillic = code.translate(str.maketrans("ABEKMHPCTYX", "АВЕКМНРСТУХ"))
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    for typed in (
        code,
        code.lower(),
        grouped(code),
        f" {code[:5]}-{code[5:]}\u200f\n",
        cyrillic,
        cyrillic.lower(),
        arabic,
    ):
        assert badges.find_code(typed) == (7, 1), typed


def test_a_wrong_an_old_and_a_forgotten_code_find_nobody(badges: Badges) -> None:
    assert badges.find_code("") is None
    assert badges.find_code("2" * 4000) is None
    assert badges.find_code(badges.code(7, 2)) is None

    badges.learn([(7, 2)])

    assert badges.find_code(badges.code(7, 1)) is None
    assert badges.find_code(badges.code(7, 2)) == (7, 2)
    assert badges.find_code(badges.code(8, 1)) is None


def test_a_link_leads_to_its_person_and_issue_without_an_index() -> None:
    badges = Badges(KEY)

    assert badges.find_link(badges.link_secret(10_000, 3)) == (10_000, 3)
    assert badges.find_screen_link(badges.screen_secret(4, 1)) == (4, 1)
    assert badges.find_link(badges.screen_secret(4, 1)) is None
    assert badges.find_screen_link(badges.link_secret(4, 1)) is None


def test_a_changed_link_leads_nowhere(badges: Badges) -> None:
    secret = badges.link_secret(12, 1)

    assert badges.find_link("1" + secret) is None
    assert badges.find_link(secret.replace("12-1-", "12-2-")) is None
    assert badges.find_link(secret[:-1]) is None
    assert badges.find_link(secret + "A" * 5000) is None
    assert badges.find_link("") is None
    assert badges.find_link("12-1-" + "ü" * 22) is None


def test_two_people_with_one_code_are_told_apart_by_their_links_only(badges: Badges) -> None:
    class Clashing(Badges):
        def code(self, person_id: int, issue: int) -> str:
            return "2222222222"

    clashing = Clashing(KEY)

    clashing.learn([(1, 1), (2, 1)])

    assert clashing.find_code("2222222222") is None
    assert clashing.find_link(clashing.link_secret(2, 1)) == (2, 1)


def test_a_spare_badge_leads_to_nobody_before_it_is_bound_and_then_to_its_person() -> None:
    badges = Badges(KEY)
    badges.learn([(7, 1)], [(7, None, None), (8, None, None)])
    code, secret = badges.spare_code(8), badges.spare_secret(8)

    assert badges.find_code(code) is None
    assert badges.find_link(secret) is None
    assert (badges.find_spare(grouped(code)), badges.find_spare(secret)) == (8, 8)

    badges.learn([(7, 1)], [(7, None, None), (8, 7, 1)])

    assert badges.find_code(grouped(code).lower()) == (7, 1)
    assert badges.find_link(secret) == (7, 1)
    assert badges.find_spare(code) == 8
    assert badges.find_code(badges.code(7, 1)) == (7, 1)
    assert badges.find_link(badges.spare_secret(7)) is None


def test_a_spare_and_a_person_of_one_number_share_no_secret(badges: Badges) -> None:
    assert badges.spare_code(7) != badges.code(7, 1)
    assert badges.spare_secret(7) not in (badges.link_secret(7, 1), badges.screen_secret(7, 1))
    assert badges.find_spare(badges.link_secret(7, 1)) is None
    assert badges.find_spare(badges.code(7, 1)) is None
    assert badges.find_spare("") is None


def test_the_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    first = read_key(tmp_path / "key")

    assert len(first) == 32
    assert read_key(tmp_path / "key") == first
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["key"]


def test_a_key_that_others_may_read_is_closed_again(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "key").chmod(0o644)

    assert Badges.open(tmp_path).code(1, 1) == Badges(KEY).code(1, 1)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")

    with pytest.raises(NotAKey, match="is not a badge key"):
        Badges.open(tmp_path)


def test_processes_that_start_together_read_the_same_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    start = threading.Barrier(8)

    def one() -> None:
        start.wait()
        keys.append(read_key(tmp_path / "key"))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_nothing_prints_the_key_or_a_code(badges: Badges) -> None:
    shown = f"{badges} {badges!r}"

    assert badges.code(1, 1) not in shown
    assert KEY.hex() not in shown
    assert repr(KEY) not in shown


def test_a_token_is_kept_as_its_digest() -> None:
    assert len(hash_token("x")) == 32
    assert hash_token("x") != hash_token("y")
