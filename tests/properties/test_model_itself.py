"""The model gives what the specification recorded or says, worked out by hand: so it is checked without the engine."""

import pytest
from model import World
from model_queue import HOUR, SECOND, SqsError


def bodies(deliveries):
    return [delivery.message.body for delivery in deliveries]


def attributes(delivery, *names):
    return tuple(delivery.attributes().get(name) for name in names)


def fifo_world(**settings):
    world = World()
    world.create_queue("q.fifo", content_based_deduplication=True, **settings)
    return world


def send_to_groups(world, *messages):
    """``g1a`` is a message of group ``g1``."""
    for body in messages:
        world.send("q.fifo", body, group=body[:-1])


def pass_seconds(world, seconds):
    world.advance_to(world.now + int(seconds * SECOND))


# --- 6.2 to 6.7: one standard queue ---


def test_older_message_comes_back_before_a_newer_one():
    world = World()
    world.create_queue("q", visibility_timeout=5)
    world.send("q", "old")
    assert bodies(world.receive("q")) == ["old"]
    world.send("q", "new")
    pass_seconds(world, 5)
    assert bodies(world.receive("q", 10)) == ["old", "new"]


def test_message_is_hidden_until_the_last_nanosecond_of_its_timeout():
    world = World()
    world.create_queue("q")
    world.send("q", "a")
    world.receive("q")
    world.advance_to(30 * SECOND - 1)
    assert world.counts("q") == (0, 1, 0)
    assert world.receive("q") == []
    world.advance_to(30 * SECOND)
    assert world.counts("q") == (1, 0, 0)
    assert attributes(world.receive("q")[0], "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp") == (
        "2",
        "0",
    )


def test_explicit_delay_of_zero_cancels_the_delay_of_a_standard_queue_only():
    world = fifo_world(delay_seconds=10)
    world.create_queue("q", delay_seconds=10)
    world.send("q", "a", delay=0)
    world.send("q.fifo", "a", group="g", delay=0)
    assert world.counts("q") == (1, 0, 0)
    assert world.counts("q.fifo") == (0, 0, 1)


def test_lowered_retention_expires_messages_in_flight_too():
    world = World()
    world.create_queue("q")
    world.send("q", "a")
    handle = world.receive("q")[0].receipt_handle
    pass_seconds(world, 60)
    world.set_queue_attributes("q", retention_period=60)
    assert world.counts("q") == (0, 0, 0)
    world.delete("q", handle)
    with pytest.raises(SqsError, match="Message does not exist"):
        world.change_visibility("q", handle, 0)


def test_long_poll_ends_as_soon_as_there_is_a_message():
    world = World()
    world.create_queue("q", delay_seconds=7)
    world.send("q", "a")
    assert bodies(world.receive("q", wait=20)) == ["a"]
    assert world.now == 7 * SECOND
    assert world.receive("q", wait=20) == []
    assert world.now == 27 * SECOND


# --- 6.6: the table of handles, row by row ---


@pytest.fixture(params=["q", "q.fifo"])
def received(request):
    """A world and a queue's name with one message, and its handle."""
    world = fifo_world()
    world.create_queue("q")
    name = request.param
    world.send(name, "a", group="g")
    return world, name, world.receive(name)[0].receipt_handle


EXPIRED = "The receipt handle has expired."
NOT_AVAILABLE = "Message does not exist or is not available for visibility timeout change."


def outcome(act, *arguments):
    try:
        act(*arguments)
    except SqsError as error:
        return error.text.partition("Reason: ")[2] or error.code
    return "ok"


def test_latest_handle_in_flight(received):
    world, name, handle = received
    assert outcome(world.change_visibility, name, handle, 60) == "ok"
    pass_seconds(world, 59)
    assert outcome(world.delete, name, handle) == "ok"
    assert world.counts(name) == (0, 0, 0)


def test_latest_handle_after_the_timeout(received):
    world, name, handle = received
    pass_seconds(world, 30)
    assert outcome(world.change_visibility, name, handle, 60) == ("ok" if name == "q" else EXPIRED)
    assert world.counts(name) == ((0, 1, 0) if name == "q" else (1, 0, 0))
    assert outcome(world.delete, name, handle) == ("ok" if name == "q" else EXPIRED)
    assert world.counts(name) == ((0, 0, 0) if name == "q" else (1, 0, 0))


def test_older_handle(received):
    world, name, handle = received
    pass_seconds(world, 30)
    world.receive(name)
    assert outcome(world.delete, name, handle) == ("ok" if name == "q" else EXPIRED)
    assert world.counts(name) == (0, 1, 0)
    assert outcome(world.change_visibility, name, handle, 0) == ("ok" if name == "q" else EXPIRED)
    assert world.counts(name) == ((1, 0, 0) if name == "q" else (0, 1, 0))


@pytest.mark.parametrize("end", ["deleted", "purged", "expired"])
def test_handle_of_a_message_that_is_gone(received, end):
    world, name, handle = received
    match end:
        case "deleted":
            world.delete(name, handle)
        case "purged":
            world.purge_queue(name)
        case "expired":
            pass_seconds(world, 345600)
    assert outcome(world.delete, name, handle) == "ok"
    assert outcome(world.change_visibility, name, handle, 0) == NOT_AVAILABLE


def test_handles_that_are_none(received):
    world, name, handle = received
    other = "q" if name == "q.fifo" else "q.fifo"
    assert outcome(world.delete, name, "garbage") == "ReceiptHandleIsInvalid"
    assert outcome(world.delete, other, handle) == "ReceiptHandleIsInvalid"
    assert outcome(world.change_visibility, name, "", 0) == "MissingParameter"


def test_twelve_hours_count_from_the_receive(received):
    world, name, handle = received
    world.change_visibility(name, handle, 43200)
    pass_seconds(world, 1)
    beyond = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
    assert outcome(world.change_visibility, name, handle, 43200) == beyond
    assert outcome(world.change_visibility, name, handle, 43199) == "ok"
    world.advance_to(12 * HOUR)
    assert world.counts(name) == (1, 0, 0)


# --- 6.9: fair queues ---


def test_noisy_tenant_waits_for_quiet_ones_from_thirty_in_flight():
    world = World()
    world.create_queue("q")
    for i in range(40):
        world.send("q", f"noisy {i}", group="noisy")
    world.send("q", "quiet", group="quiet")
    for _ in range(2):
        world.receive("q", 10)
    world.receive("q", 9)
    # 29 in flight: one more of the noisy tenant, which is 30, then the quiet one.
    assert bodies(world.receive("q", 3)) == ["noisy 29", "quiet", "noisy 30"]


# --- 7.3: deduplication ---


def test_duplicate_returns_the_original_for_five_minutes_even_after_delete():
    world = fifo_world()
    first = world.send("q.fifo", "a", group="g1")
    world.delete("q.fifo", world.receive("q.fifo")[0].receipt_handle)
    world.advance_to(300 * SECOND - 1)
    assert world.send("q.fifo", "a", group="g2") == first
    assert world.counts("q.fifo") == (0, 0, 0)
    world.advance_to(300 * SECOND)
    assert world.send("q.fifo", "a", group="g2") != first


def test_purge_clears_the_deduplication_memory():
    world = fifo_world()
    first = world.send("q.fifo", "a", group="g")
    world.purge_queue("q.fifo")
    assert world.send("q.fifo", "a", group="g") != first


def test_scope_of_the_message_group():
    world = World()
    world.create_queue("q.fifo", deduplication_scope="messageGroup")
    for group in ("g1", "g2", "g1"):
        world.send("q.fifo", "a", group=group, dedup="d")
    assert world.counts("q.fifo") == (2, 0, 0)


# --- 7.4: the recordings ---


def test_one_receive_fills_up_from_one_group_then_the_next():
    world = fifo_world()
    send_to_groups(world, "g1a", "g2a", "g1b", "g1c")
    assert bodies(world.receive("q.fifo", 10)) == ["g1a", "g1b", "g1c", "g2a"]


def test_groups_take_turns_after_their_locks_ran_out():
    world = fifo_world()
    send_to_groups(world, "g1a", "g1b", "g2a", "g2b", "g3a")
    world.receive("q.fifo", 2, visibility_timeout=5)
    pass_seconds(world, 1)
    world.receive("q.fifo", 2, visibility_timeout=5)
    pass_seconds(world, 5)
    assert bodies(world.receive("q.fifo", 10)) == ["g3a", "g1a", "g1b", "g2a", "g2b"]


def test_group_received_from_goes_to_the_back_when_it_unlocks():
    world = fifo_world()
    send_to_groups(world, "g1a", "g2a", "g3a", "g1b", "g1c")
    for delivery in world.receive("q.fifo", 2):
        world.delete("q.fifo", delivery.receipt_handle)
    assert bodies(world.receive("q.fifo", 10)) == ["g2a", "g3a", "g1c"]


def test_receive_with_timeout_zero_sends_the_group_to_the_back():
    world = fifo_world()
    send_to_groups(world, "g1a", "g1b", "g2a")
    assert bodies(world.receive("q.fifo", 2, visibility_timeout=0)) == ["g1a", "g1b"]
    assert bodies(world.receive("q.fifo", 10)) == ["g2a", "g1a", "g1b"]


def test_only_the_leading_run_of_a_group_is_delivered():
    world = fifo_world()
    send_to_groups(world, "g1a", "g1b", "g1c")
    _, second, _ = world.receive("q.fifo", 3)
    world.change_visibility("q.fifo", second.receipt_handle, 60)
    pass_seconds(world, 30)
    assert world.counts("q.fifo") == (2, 1, 0)
    assert bodies(world.receive("q.fifo", 10)) == ["g1a"]


def test_deleting_the_head_does_not_unlock_a_group_whose_next_is_in_flight():
    world = fifo_world()
    send_to_groups(world, "g1a", "g1b", "g1c")
    first, second = world.receive("q.fifo", 2)
    world.delete("q.fifo", first.receipt_handle)
    assert world.receive("q.fifo", 10) == []
    world.delete("q.fifo", second.receipt_handle)
    assert bodies(world.receive("q.fifo", 10)) == ["g1c"]


def test_locked_rest_of_a_group_counts_as_visible():
    world = fifo_world()
    send_to_groups(world, "g1a", "g1b", "g2a", "g2b", "g3a", "g3b")
    world.receive("q.fifo", 2)
    assert world.counts("q.fifo") == (4, 2, 0)


# --- 7.5 ---


def test_attempt_repeated_gives_the_same_handles_and_new_deadlines():
    world = fifo_world()
    send_to_groups(world, "g1a", "g1b")
    first = world.receive("q.fifo", 10, attempt="a")
    pass_seconds(world, 20)
    assert world.receive("q.fifo", 10, attempt="a") == first
    pass_seconds(world, 29)
    assert world.counts("q.fifo") == (0, 2, 0)
    world.delete("q.fifo", first[0].receipt_handle)
    with pytest.raises(SqsError, match="not retryable"):
        world.receive("q.fifo", 10, attempt="a")


# --- 8: dead letters and move tasks ---


def chain(*names, max_receive_count=1, **settings):
    """Queues, each the source of the next."""
    world = World()
    for name, target in zip(names, (*names[1:], None), strict=True):
        world.create_queue(name, dead_letter_queue=target, max_receive_count=max_receive_count, **settings)
    return world


def test_second_receive_of_a_message_allowed_one_moves_it():
    world = chain("q", "dlq", visibility_timeout=0)
    sent = world.send("q", "a")
    assert bodies(world.receive("q")) == ["a"]
    assert world.counts("q") == (1, 0, 0)
    pass_seconds(world, 1)
    assert world.receive("q") == []
    assert world.counts("q") == (0, 0, 0)
    (letter,) = world.receive("dlq")
    assert letter.message.message_id == sent.message_id
    names = "ApproximateReceiveCount", "DeadLetterQueueSourceArn", "SentTimestamp"
    assert attributes(letter, *names) == ("2", "arn:aws:sqs:us-east-1:000000000000:q", "0")


def test_move_takes_no_place_in_the_answer():
    world = chain("q", "dlq", visibility_timeout=0)
    world.send("q", "a")
    world.receive("q")
    world.send("q", "b")
    assert bodies(world.receive("q")) == ["b"]
    assert world.counts("dlq") == (1, 0, 0)


def test_chain_delivers_once_from_the_middle_queue():
    world = chain("q1", "q2", "q3", visibility_timeout=0)
    world.send("q1", "a")
    received = [len(world.receive(name)) for name in ("q1", "q1", "q2", "q2", "q3")]
    assert received == [1, 0, 1, 0, 1]


def test_retention_in_the_dead_letter_queue_starts_at_the_send_or_fifo_at_the_move():
    world = chain("q", "dlq", retention_period=60)
    fifo = chain("q.fifo", "dlq.fifo", retention_period=60)
    world.send("q", "a")
    fifo.send("q.fifo", "a", group="g", dedup="d")
    for w, name in ((world, "q"), (fifo, "q.fifo")):
        w.receive(name)
        pass_seconds(w, 30)
        w.receive(name)
        pass_seconds(w, 30)
    assert world.counts("dlq") == (0, 0, 0)
    assert fifo.counts("dlq.fifo") == (1, 0, 0)
    pass_seconds(fifo, 30)
    assert fifo.counts("dlq.fifo") == (0, 0, 0)


def test_queue_that_is_its_own_dead_letter_queue():
    world = World()
    world.create_queue("q", dead_letter_queue="q", max_receive_count=1, visibility_timeout=0)
    world.send("q", "a")
    world.send("q", "b")
    assert bodies(world.receive("q")) == ["a"]
    assert bodies(world.receive("q", 10)) == ["b"]  # "a" moves to the back, and is not in the same answer.
    (again,) = world.receive("q")  # "b", used up, moves behind it.
    assert (again.message.body, again.receive_count) == ("a", 2)


def test_move_task_without_destination_brings_letters_back_as_new_messages():
    world = chain("q", "dlq", visibility_timeout=0)
    sent = world.send("q", "a")
    pass_seconds(world, 5)
    world.receive("q")
    world.receive("q")
    task = world.start_move_task("dlq")
    assert (task.status, task.moved, task.to_move) == ("COMPLETED", 1, 1)
    (back,) = world.receive("q")
    assert back.message.message_id != sent.message_id
    names = "ApproximateReceiveCount", "DeadLetterQueueSourceArn", "SentTimestamp"
    assert attributes(back, *names) == ("1", None, "5000")


def test_move_task_fails_at_a_message_without_source():
    world = chain("q", "dlq")
    world.send("dlq", "a")
    task = world.start_move_task("dlq")
    assert (task.status, task.failure_reason) == ("FAILED", "CouldNotDetermineMessageSource")


def test_move_task_with_a_rate():
    world = chain("q", "dlq")
    for body in "abc":
        world.send("dlq", body)
    task = world.start_move_task("dlq", "q", rate=4)
    moved = []
    for quarter in range(3):
        world.advance_to(quarter * SECOND // 4)
        moved.append((task.moved, task.status))
    assert moved == [(1, "RUNNING"), (2, "RUNNING"), (3, "COMPLETED")]


def test_move_task_waits_for_messages_in_flight():
    world = chain("q", "dlq")
    world.send("dlq", "a")
    world.receive("dlq")
    task = world.start_move_task("dlq", "q")
    assert task.status == "RUNNING"
    pass_seconds(world, 30)
    assert task.status == "COMPLETED"
    assert world.counts("q") == (1, 0, 0)
