"""The rules of `localsqs.advisor`: each looks at a Setup and has something to say, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from localsqs.advisor import Advice, Setup

__all__ = ["RULES"]

_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/"
_VISIBILITY = f"{_SQS}sqs-visibility-timeout.html; specification sqs.md 6.5"
_DEAD_LETTERS = f"{_SQS}sqs-dead-letter-queues.html; specification sqs.md 8"
_MAPPING = f"{_LAMBDA}services-sqs-configure.html; specification around.md 1.9"
_ERRORS = f"{_LAMBDA}services-sqs-errorhandling.html; specification around.md 1.10 and 1.11"
_SCALING = f"{_LAMBDA}services-sqs-scaling.html; specification around.md 1.9"
_POLLING = f"{_SQS}sqs-short-and-long-polling.html; specification sqs.md 6.4 and 10"
_GROUPS = f"{_SQS}using-messagegroupid-property.html; specification sqs.md 7.4"
_QUOTAS = f"{_SQS}quotas-messages.html; specification sqs.md 10"

_MONTH_S = 30 * 86_400
_USD_PER_MILLION = 0.40

# --- The visibility timeout ------------------------------------------------------------------------------------------


def shorter_than_the_work(setup: Setup) -> Advice | None:
    if setup.visibility_timeout is None or setup.handler_seconds is None:
        return None
    batch_s = setup.handler_seconds * setup.batch
    if setup.visibility_timeout > batch_s:
        return None
    work = (
        f"{batch_s:,g} s"
        if setup.batch == 1
        else f"{batch_s:,g} s ({setup.batch} messages of {setup.handler_seconds:g} s)"
    )
    return Advice(
        "error",
        setup.queue,
        f"The visibility timeout ({setup.visibility_timeout:,g} s) is shorter than the work on a batch: {work}.",
        "Messages become visible while they are being handled, so others handle them again; with a dead-letter queue "
        "messages end there that were handled.",
        f"Set VisibilityTimeout above {batch_s:,g} s, better to {6 * batch_s:,g} s; or extend it while working with "
        "ChangeMessageVisibility.",
        _VISIBILITY,
    )


def much_longer_than_the_work(setup: Setup) -> Advice | None:
    if setup.visibility_timeout is None or setup.handler_seconds is None or setup.mapping:
        return None
    batch_s = setup.handler_seconds * setup.batch
    if setup.visibility_timeout < max(600, 50 * batch_s):
        return None
    return Advice(
        "note",
        setup.queue,
        f"The visibility timeout ({setup.visibility_timeout:,g} s) is more than 50 times the work on a batch.",
        "What a crashed consumer had in hand waits that long before anybody tries again.",
        f"Some {max(30.0, 6 * batch_s):,g} s would do; extend it while working where a message takes longer.",
        _VISIBILITY,
    )


def shorter_than_six_function_timeouts(setup: Setup) -> Advice | None:
    if not setup.mapping or setup.visibility_timeout is None or setup.function_timeout is None:
        return None
    advised = 6 * setup.function_timeout + setup.window
    if setup.visibility_timeout >= advised:
        return None
    refused = setup.visibility_timeout < setup.function_timeout
    return Advice(
        "error" if refused else "warning",
        setup.queue,
        f"The visibility timeout ({setup.visibility_timeout:,g} s) is less than six times the function's timeout "
        f"({setup.function_timeout:,g} s)" + (f" plus the window ({setup.window:,g} s)." if setup.window else "."),
        "Lambda refuses a mapping whose queue hides messages for less than the function may run."
        if refused
        else "While Lambda throttles the function it holds messages and tries again; they reappear meanwhile, and "
        "their receive counts rise.",
        f"Set VisibilityTimeout to {advised:,g} s.",
        _MAPPING,
    )


def retention_ends_before_the_dead_letter_queue(setup: Setup) -> Advice | None:
    if setup.visibility_timeout is None or setup.retention is None or setup.max_receive_count is None:
        return None
    until_dead_s = setup.visibility_timeout * setup.max_receive_count
    if setup.retention > until_dead_s:
        return None
    return Advice(
        "error",
        setup.queue,
        f"{setup.max_receive_count} receives with {setup.visibility_timeout:,g} s of visibility timeout take "
        f"{until_dead_s:,g} s, and the retention period is {setup.retention:,g} s.",
        "A message that fails expires before it could get to the dead-letter queue: it is lost without a trace.",
        "Lengthen MessageRetentionPeriod, or shorten the visibility timeout or maxReceiveCount.",
        f"{_DEAD_LETTERS}, 6.7",
    )


# --- Dead letters ----------------------------------------------------------------------------------------------------


def no_dead_letter_queue(setup: Setup) -> Advice | None:
    if setup.has_dead_letter_queue is not False or setup.is_dead_letter_queue:
        return None
    return Advice(
        "warning",
        setup.queue,
        "There is no dead-letter queue.",
        "A message that always fails comes back until its retention ends"
        + (", and all of its group waits behind it." if setup.fifo else ", takes a consumer's time, and then is gone."),
        "Give the queue a RedrivePolicy with a dead-letter queue, and an alarm on that queue's depth.",
        _DEAD_LETTERS,
    )


def dead_letters_expire_too_soon(setup: Setup) -> Advice | None:
    if setup.retention is None or setup.dead_letter_retention is None:
        return None
    # In a standard queue the clock runs on from the first send; in a FIFO queue it starts again with the move.
    enough = (
        setup.dead_letter_retention >= setup.retention if setup.fifo else setup.dead_letter_retention > setup.retention
    )
    if enough:
        return None
    return Advice(
        "warning",
        setup.queue,
        f"The dead-letter queue keeps messages for {_days(setup.dead_letter_retention)}, the queue itself for "
        f"{_days(setup.retention)}.",
        "A dead letter expires sooner than the queue that it came from would have let it."
        if setup.fifo
        else "In the dead-letter queue a message's age goes on counting from its first send, so it may be gone before "
        "anybody has looked at it.",
        "Set MessageRetentionPeriod of the dead-letter queue to its longest, 1209600 s (14 days).",
        f"{_DEAD_LETTERS}.2",
    )


def few_receives(setup: Setup) -> Advice | None:
    count = setup.max_receive_count
    if count is None or count >= (5 if setup.mapping else 2):
        return None
    return Advice(
        "error" if count == 1 and setup.mapping else "warning",
        setup.queue,
        f"maxReceiveCount is {count}.",
        "Lambda receives messages before it knows whether the function may run: one throttle or one failing neighbour "
        "in the batch uses up a receive, and good messages end in the dead-letter queue."
        if setup.mapping
        else "Nothing is ever tried a second time: one crash of a consumer, and its messages are dead letters.",
        "Set maxReceiveCount to 5 or more." if setup.mapping else "Set maxReceiveCount to 3 or more.",
        _MAPPING if setup.mapping else _DEAD_LETTERS,
    )


# --- FIFO ------------------------------------------------------------------------------------------------------------


def one_group(setup: Setup) -> Advice | None:
    if not setup.fifo or setup.groups != 1:
        return None
    return Advice(
        "warning",
        setup.queue,
        "All messages are in one message group.",
        "A group is handled one batch at a time, however many consumers there are, and one message that fails stops "
        "everything behind it until its visibility timeout ends.",
        "Take a MessageGroupId that names what needs the order: the customer, the account, the order.",
        _GROUPS,
    )


def fewer_groups_than_pollers(setup: Setup) -> Advice | None:
    if not setup.fifo or setup.groups is None or setup.pollers is None or not 1 < setup.groups < setup.pollers:
        return None
    return Advice(
        "note",
        setup.queue,
        f"{setup.pollers} pollers share {setup.groups} message groups.",
        f"Only {setup.groups} of them can work at a time.",
        "Use more groups, or fewer pollers.",
        _GROUPS,
    )


def fifo_quota(setup: Setup) -> Advice | None:
    if not setup.fifo or setup.rate is None or setup.rate <= 300:
        return None
    severity = "error" if setup.rate > 3_000 else "warning"
    return Advice(
        severity,
        setup.queue,
        f"{setup.rate:,g} messages a second go through a FIFO queue.",
        "It takes 300 calls a second an action, 3,000 messages in full batches; more is throttled.",
        "Send, receive and delete in batches of ten"
        + (", and set FifoThroughputLimit to perMessageGroupId (high throughput)." if setup.rate > 3_000 else "."),
        _QUOTAS,
    )


# --- Capacity and cost -----------------------------------------------------------------------------------------------


def too_few_consumers(setup: Setup) -> Advice | None:
    places = setup.maximum_concurrency if setup.mapping else setup.pollers
    if places is None or setup.rate is None or setup.handler_seconds is None:
        return None
    if setup.fifo and setup.groups is not None:
        places = min(places, setup.groups)
    load = setup.rate * setup.handler_seconds
    if load < 0.8 * places:
        return None
    return Advice(
        "error" if load >= places else "warning",
        setup.queue,
        f"{setup.rate:,g} messages a second at up to {setup.handler_seconds:,g} s keep {load:,.3g} consumers busy; "
        f"there are {places}.",
        "More comes than is handled: the queue grows until messages expire."
        if load >= places
        else "Above 80 % of their capacity small bursts make long queues.",
        f"Plan for {int(load / 0.7) + 1} or more; simulation.run shows how long messages wait then.",
        "localsqs.simulation.theory (Erlang C)",
    )


def short_polling(setup: Setup) -> Advice | None:
    if setup.wait_time is None or setup.wait_time >= 1 or setup.mapping or setup.is_dead_letter_queue:
        return None
    if setup.receives and setup.receives >= 10 and (setup.empty_receives or 0) <= setup.receives / 2:
        return None  # Each receive asks for a wait of its own, or there is always something.
    because = "A receive on an empty queue comes back at once, and is billed; on AWS it may also miss messages."
    if setup.receives and setup.empty_receives and setup.empty_receives > setup.receives / 2:
        because += f" {setup.empty_receives:,} of {setup.receives:,} receives brought nothing."
    else:
        usd = _MONTH_S / 1e6 * _USD_PER_MILLION
        because += f" A poller that asks once a second pays for {_MONTH_S:,} requests a month, {usd:.2f} USD."
    return Advice(
        "note",
        setup.queue,
        "The queue is polled short: ReceiveMessageWaitTimeSeconds is 0.",
        because,
        "Set ReceiveMessageWaitTimeSeconds to 20, or WaitTimeSeconds=20 in each receive.",
        _POLLING,
    )


# --- Lambda ----------------------------------------------------------------------------------------------------------


def whole_batches_fail(setup: Setup) -> Advice | None:
    if not setup.mapping or setup.batch == 1 or setup.report_batch_item_failures:
        return None
    return Advice(
        "warning",
        setup.queue,
        f"Batches of up to {setup.batch} without ReportBatchItemFailures.",
        "One message that fails brings back the whole batch: the others are handled again, and go to the dead-letter "
        "queue with it.",
        "Set FunctionResponseTypes to ReportBatchItemFailures and return the ids of what failed.",
        _ERRORS,
    )


def throttled_after_the_receive(setup: Setup) -> Advice | None:
    if not setup.mapping or setup.reserved_concurrency is None:
        return None
    if setup.maximum_concurrency is not None and setup.maximum_concurrency <= setup.reserved_concurrency:
        return None
    return Advice(
        "warning",
        setup.queue,
        f"The function may run {setup.reserved_concurrency} times at once, and the mapping asks for "
        + ("more." if setup.maximum_concurrency is None else f"{setup.maximum_concurrency}."),
        "Lambda takes messages first and is throttled then: their receive counts rise without a try, which fills the "
        "dead-letter queue.",
        "Set ScalingConfig.MaximumConcurrency to the reserved concurrency or below.",
        _SCALING,
    )


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:g} days" if seconds >= 86_400 else f"{seconds:,g} s"


RULES: tuple[Callable[[Setup], Advice | None], ...] = (
    shorter_than_the_work,
    much_longer_than_the_work,
    shorter_than_six_function_timeouts,
    retention_ends_before_the_dead_letter_queue,
    no_dead_letter_queue,
    dead_letters_expire_too_soon,
    few_receives,
    one_group,
    fewer_groups_than_pollers,
    fifo_quota,
    too_few_consumers,
    short_polling,
    whole_batches_fail,
    throttled_after_the_receive,
)
