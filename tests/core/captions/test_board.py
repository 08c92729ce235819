from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap

SPEAKERS = [Speaker(c, c.upper()) for c in "abc"]
A, B = Speaker("a", "Ann", "web:a"), Speaker("b", "Bo", "web:b")

shown = st.lists(
    st.builds(
        Caption,
        speaker=st.sampled_from(SPEAKERS),
        start=st.floats(0, 100),
        end=st.floats(100, 200),
        text=st.text(max_size=5),
        final=st.booleans(),
    )
    | st.builds(Gap, speaker=st.sampled_from(SPEAKERS), start=st.floats(0, 1), end=st.floats(2, 3)),
    max_size=60,
)


@given(shown, st.integers(1, 40))
def test_what_is_committed_never_changes_and_readers_can_follow_by_number(
    items: list[Caption | Gap], limit: int
) -> None:
    board = Board(limit)
    seen: list[Caption | Gap] = []
    expected: list[Caption | Gap] = []
    for item in items:
        if isinstance(item, Gap):
            board.mark(item)
            expected.append(item)
        else:
            board.show(item)
            if item.final and item.text:
                expected.append(item)
        seen += board.since(len(seen))
        assert seen == expected
        assert board.count == len(expected)
        assert len(board.entries) <= limit + limit // 10 + 1
        assert list(board.entries) == expected[board.forgotten :]


@given(shown)
def test_each_speaker_has_at_most_one_text_that_may_change(items: list[Caption | Gap]) -> None:
    board = Board()
    last: dict[str, Caption] = {}
    for item in items:
        if isinstance(item, Caption):
            board.show(item)
            if item.final or not item.text:
                last.pop(item.speaker.id, None)
            else:
                last[item.speaker.id] = item
    assert dict(board.partials) == last


def test_whoever_watches_is_told_of_every_change_until_they_stop() -> None:
    board = Board()
    told: list[int] = []
    stop = board.watch(lambda: told.append(1))
    board.notify("x", "Something is wrong.")
    board.notify("x", "Something is wrong.")
    board.notify("x", None)
    board.notify("x", None)
    board.show(Caption(SPEAKERS[0], 0, 1, "hi", final=False))
    board.touch()
    assert len(told) == 4
    stop()
    board.touch()
    assert len(told) == 4


def test_what_is_for_people_in_the_call_alone_is_told_nobody_else() -> None:
    board, told = Board(), list[int]()
    board.watch(lambda: told.append(1))
    board.notify("line", "Joining.")
    board.notify("out", "Somebody is left out.", inside="Carl is left out.")
    board.notify("out", "Somebody is left out.", inside="Carl is left out.")
    for seen in (board, board.excerpt()):
        assert dict(seen.notices) == {"line": "Joining.", "out": "Somebody is left out."}
        assert dict(seen.inside) == {"line": "Joining.", "out": "Carl is left out."}
    board.notify("out", "Somebody is left out.", inside="Carl and Dora are left out.")
    assert board.inside["out"] == "Carl and Dora are left out."
    board.notify("out", None)
    assert dict(board.inside) == dict(board.notices) == {"line": "Joining."}
    assert len(told) == 4


def test_lateness_is_that_of_the_newest_words() -> None:
    board = Board()
    assert board.lateness is None
    board.show(Caption(SPEAKERS[0], 0, 1, "hi", final=True), 0.3)
    board.show(Caption(SPEAKERS[0], 0, 1, "", final=True), 9.0)
    assert board.lateness == 0.3


def test_what_somebody_takes_back_has_no_words_any_more_and_keeps_its_place() -> None:
    board = Board()
    ann, bo = Speaker("a", "Ann", "web:a"), Speaker("b", "Bo", "web:b")
    for n in range(3):
        board.show(Caption(ann, n, n + 1, f"a{n}", final=True))
        board.show(Caption(bo, n, n + 1, f"b{n}", final=True))
    board.show(Caption(ann, 4, 5, "and then", final=False))
    changes: list[int] = []
    board.watch(lambda: changes.append(1))
    board.erase("web:a")
    assert [entry.text for entry in board.entries if isinstance(entry, Caption)] == [
        "",
        "b0",
        "",
        "b1",
        "",
        "b2",
    ]
    assert not board.partials
    assert board.erased == {"a": 6}
    assert changes
    board.show(Caption(ann, 6, 7, "new", final=True))
    assert board.entries[-1] == Caption(ann, 6, 7, "new", final=True)


def test_nobody_without_an_identity_can_be_taken_back() -> None:
    board = Board()
    board.show(Caption(Speaker("a", "Ann"), 0, 1, "a0", final=True))
    board.erase("web:a")
    assert board.count == 1
    assert board.erased == {}


def test_a_final_of_long_ago_leaves_what_is_being_said_now() -> None:
    board = Board()
    now = Caption(SPEAKERS[0], 100.0, 101.0, "and now", False)
    board.show(now)
    board.show(Caption(SPEAKERS[0], 3.0, 5.0, "long ago", True))
    assert board.partials[SPEAKERS[0].id] == now
    board.show(Caption(SPEAKERS[0], 100.0, 101.5, "and now,", True))
    assert not board.partials


def test_words_under_way_that_were_taken_back_stay_away() -> None:
    board = Board()
    for speaker in (A, B):
        board.show(Caption(speaker, 2, 3, "my pin is", final=False))
    board.erase("web:a")
    board.show(Caption(A, 2, 4, "my pin is four two", final=False))
    assert list(board.partials) == ["b"]
    board.show(Caption(A, 2, 5, "my pin is four two.", final=True))
    assert not board.entries
    board.show(Caption(A, 6, 7, "Good.", final=True))
    assert [entry.text for entry in board.entries if isinstance(entry, Caption)] == ["Good."]


def test_whoever_takes_words_back_that_the_board_has_forgotten_is_erased_for_its_readers() -> None:
    board = Board(limit=10)
    board.show(Caption(A, 0, 1, "secret", final=True))
    for second in range(30):
        board.show(Caption(B, second, second + 1, "word", final=True))
    board.erase("web:a")
    assert board.erased == {"a": 31}


def test_what_is_taken_back_goes_from_excerpts_too_and_nothing_else_reaches_them() -> None:
    board = Board()
    board.show(Caption(A, 0, 1, "one", final=True))
    board.show(Caption(B, 1, 2, "two", final=True))
    board.show(Caption(A, 2, 3, "thr", final=False))
    board.notify("shown", "Shown elsewhere.")
    excerpt = board.excerpt()
    board.show(Caption(A, 2, 3, "three", final=True))
    board.notify("shown", None)
    assert [entry.text for entry in excerpt.entries if isinstance(entry, Caption)] == ["one", "two"]
    assert not excerpt.partials
    assert dict(excerpt.notices) == {"shown": "Shown elsewhere."}
    board.erase("web:a")
    assert [entry.text for entry in excerpt.entries if isinstance(entry, Caption)] == ["", "two"]
    assert excerpt.erased == {"a": 2}
    assert board.erased == {"a": 3}
