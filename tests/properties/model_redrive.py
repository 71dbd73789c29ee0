"""What happens between queues: redrive policies and message move tasks (spec 8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from model_fifo import FifoQueue
from model_queue import HOUR, MILLISECOND, SECOND, VISIBLE, Message, Queue, SqsError

if TYPE_CHECKING:
    from model import World

RATE_MAX = 500  # 8.3
KEPT_TASKS = 10  # 8.4
LIFE_MAX = 36 * HOUR  # 8.3

RUNNING, COMPLETED, CANCELLED, FAILED = "RUNNING", "COMPLETED", "CANCELLED", "FAILED"


def move_to_dead_letter_queue(world: World, source: Queue, message: Message) -> None:
    """8.1, 8.2. A new stay: arrives at the back, visible at once; old handles lead to the stay that is over."""
    assert source.settings.dead_letter_queue is not None
    target = world.queues[source.settings.dead_letter_queue]
    source.remove(message)
    source.books.moved_away += 1
    moved = replace(
        message,
        arrival=target.arrivals,
        arrived_at=world.now,
        state=VISIBLE,
        visible_at=world.now,
        source_arn=source.arn,
        receives_here=0,
        received_at=None,
        latest_handle=None,
    )
    if isinstance(target, FifoQueue):
        moved.retained_from = world.now
        moved.deduplication_id = message.message_id
        moved.sequence_number = target.next_sequence_number()
    target.add(moved)


@dataclass(eq=False)
class MoveTask:
    world: World
    task_id: str
    source: Queue
    destination: Queue | None  # None: each message to where it came from.
    rate: int | None  # Messages a second.
    started_at: int
    to_move: int  # The backlog at the start.
    status: str = RUNNING
    failure_reason: str | None = None
    moved: int = 0
    next_at: int = 0  # The rate lets no message go before this.

    # --- Time ---

    def next_message(self) -> Message | None:
        """The oldest that is visible, and in a FIFO queue the head of its group; others are waited for."""
        for message in self.source.messages:
            if message.state == VISIBLE and (not self.source.fifo or self.is_head(message)):
                return message
        return None

    def is_head(self, message: Message) -> bool:
        return next(m for m in self.source.messages if m.group_id == message.group_id) is message

    def earliest(self, message: Message) -> int:
        """What another task brought, and what came after it, waits a millisecond: tasks in a circle let time pass.

        (A decision of ours.)
        """
        if self.source.brought_at is None or message.arrival < self.source.brought_from:
            return self.next_at
        return max(self.next_at, self.source.brought_at + MILLISECOND)

    def next_step(self) -> int | None:
        if self.status != RUNNING:
            return None
        message = self.next_message()
        end = self.started_at + LIFE_MAX
        return end if message is None else min(end, max(self.world.now, self.earliest(message)))

    def run(self) -> None:
        """Moves all that may go now. Ends when nothing is left in the source, in whatever state (8.3)."""
        while self.status == RUNNING:
            message = self.next_message()
            if not self.source.messages:
                self.status = COMPLETED
            elif self.world.now >= self.started_at + LIFE_MAX:
                self.fail("TaskTimedOut")
            elif message is None or self.world.now < self.earliest(message):
                return
            else:
                self.move(message)

    def move(self, message: Message) -> None:
        target = self.target_of(message)
        if target is None:
            return
        self.source.remove(message)
        self.source.books.moved_away += 1
        # Receive, send, delete: what arrives is a new message. A FIFO duplicate is swallowed.
        arrivals = target.arrivals
        target.enqueue_sent(message.body, message.group_id, message.deduplication_id, None)
        if target.arrivals > arrivals and target.brought_at != self.world.now:
            target.brought_at, target.brought_from = self.world.now, arrivals
        self.moved += 1
        if self.rate is not None:
            self.next_at = self.world.now + SECOND // self.rate

    def target_of(self, message: Message) -> Queue | None:
        """Where it goes; None, and the task has failed, if that cannot be known or is gone."""
        target = self.destination
        if target is None:
            if message.source_arn is None:
                self.fail("CouldNotDetermineMessageSource")
                return None
            target = self.world.queues.get(message.source_arn.split(":")[-1])
        if target is None or target is not self.world.queues.get(target.name):
            self.fail("AWS.SimpleQueueService.NonExistentQueue")
            return None
        return target

    def fail(self, reason: str) -> None:
        self.status = FAILED
        self.failure_reason = reason


def start_move_task(world: World, source_name: str, destination_name: str | None, rate: int | None) -> MoveTask:
    """8.3. First what the request says, then what the queues allow."""
    source = find(world, source_name, "SourceArn")
    destination = None if destination_name is None else find(world, destination_name, "DestinationArn")
    if rate is not None and not 1 <= rate <= RATE_MAX:
        reason = "You must enter a number that's between 1 and 500."
        raise refusal(f"Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: {reason}")
    if destination is source:
        raise refusal("Source queue arn and destination queue arn cannot be the same.")
    if destination is not None and destination.fifo != source.fifo:
        raise refusal("The source queue and destination queue must be of the same queue type.")
    if not any(queue.settings.dead_letter_queue == source.name for queue in world.queues.values()):
        raise refusal("Source queue must be configured as a Dead Letter Queue.")
    if any(task.source is source and task.status == RUNNING for task in world.tasks):
        raise refusal(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
    task = MoveTask(
        world=world,
        task_id=world.new_name("task"),
        source=source,
        destination=destination,
        rate=rate,
        started_at=world.now,
        to_move=len(source.messages),
        next_at=world.now,
    )
    world.tasks.append(task)
    return task


def kept_tasks(world: World, source: Queue) -> list[MoveTask]:
    return [task for task in world.tasks if task.source is source][-KEPT_TASKS:]


def cancel_move_task(world: World, task: MoveTask) -> int:
    """8.5. Ours ends at once: nothing more follows."""
    source = find(world, task.source.name, "SourceArn")
    if task not in kept_tasks(world, source):
        raise SqsError("ResourceNotFoundException", "Task does not exist.")
    if task.status != RUNNING:
        raise refusal("Only active tasks can be cancelled.")
    task.status = CANCELLED
    return task.moved


def list_move_tasks(world: World, source_name: str, max_results: int) -> list[MoveTask]:
    """8.4: the most recent first."""
    source = find(world, source_name, "SourceArn")
    if not 1 <= max_results <= KEPT_TASKS:
        reason = "You must enter a number that's between 1 and 10."
        raise refusal(f"Value for parameter MaxResults is invalid. Reason: {reason}")
    return kept_tasks(world, source)[::-1][:max_results]


def refusal(text: str) -> SqsError:
    return SqsError("InvalidParameterValue", text)


def find(world: World, name: str, parameter: str) -> Queue:
    if name not in world.queues:
        text = f"The resource that you specified for the {parameter} parameter doesn't exist."
        raise SqsError("ResourceNotFoundException", text)
    return world.queues[name]
